"""SHAPES: what travels. Imports nothing of ours."""
