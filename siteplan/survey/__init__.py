"""Talking to the communes: forms out, figures in, and what is still missing."""
