"""Views of finished runs: they read runs, compute nothing, and know no stage."""
