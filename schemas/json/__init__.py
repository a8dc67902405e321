"""JSON Schemas 2020-12 of what senders send and insurers receive, a file each, with a valid example."""

import json
from functools import cache
from importlib.resources import files


@cache
def names() -> tuple[str, ...]:
    """Every schema's name, sorted; `/schemas/{name}` is its `$id`."""
    return tuple(
        sorted(item.name[: -len(".json")] for item in files(__name__).iterdir() if item.name.endswith(".json"))
    )


def load(name: str) -> dict[str, object]:
    """The schema called `name`, as a fresh value. KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    return json.loads((files(__name__) / f"{name}.json").read_text(encoding="utf-8"))
