"""Where: eligible land, candidate plots, evidence against plans, and what is measured of each site."""
