"""Formats of the police: the open accident data, and places of accidents made comparable. Pure."""
