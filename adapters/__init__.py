"""EDGES: formats, streams, stores, keys. Decides nothing about claims."""
