"""Candidate plots of a commune: rectangles, free shapes and extensions, found in its eligible land."""
