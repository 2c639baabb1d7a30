"""Travel times of a site: of the commune's people, to services, to far places."""
