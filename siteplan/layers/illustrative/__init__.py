"""The embedded data set: an illustrative province made from small fact files, the same on every run.

``identity`` tells which generation belongs to the facts; ``build`` makes it, and loads much that a run does not need.
"""
