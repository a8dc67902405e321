"""Writes the committed descriptions: `python -m services.interface`. A test holds them to what this gives."""

from pathlib import Path

from services.interface import asyncapi, openapi

FOLDER = Path(__file__).parents[2] / "docs" / "api"
FILES = {"openapi.json": openapi.text, "asyncapi.json": asyncapi.text}

if __name__ == "__main__":
    for name, text in FILES.items():
        (FOLDER / name).write_bytes(text())
