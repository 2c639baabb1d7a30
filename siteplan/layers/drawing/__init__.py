"""Plans that arrive as drawings (DXF): flattened, put in place, made zones with codes, and every fault listed."""
