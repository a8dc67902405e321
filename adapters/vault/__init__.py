"""KEYS AND SEALING. Nothing here knows what a claim is."""
