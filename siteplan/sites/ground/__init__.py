"""The ground of a site: shape of the terrain, earthworks, floods."""
