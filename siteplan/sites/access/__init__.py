"""Travel times of a site: the surface of least cost, of the commune's people, to services, to far places."""
