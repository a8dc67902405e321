"""HTTP out: the one way from the interchange to another's server."""
