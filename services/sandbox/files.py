"""A scenario as a directory: the records as files, `manifest.jsonl` in sending order, `truth.jsonl` a line a record."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.sandbox.scenario import Item
from services.sandbox.truth import Truth

MANIFEST, TRUTH = "manifest.jsonl", "truth.jsonl"


def write(items: Iterable[Item], out: Path) -> int:
    """Writes them as they come; gives the number of records. OSError when the directory cannot be written."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with (out / MANIFEST).open("w", encoding="utf-8") as manifest, (out / TRUTH).open("w", encoding="utf-8") as truth:
        for item in items:
            path = out / item.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.body)
            manifest.write(json.dumps(item.line(), ensure_ascii=False) + "\n")
            for line in item.truths:
                truth.write(json.dumps(line.line(), ensure_ascii=False) + "\n")
            count += 1
    return count


def read(directory: Path) -> Iterator[Item]:
    """The items of a directory that `write` made, in sending order.

    What only the checker needs is not in the files: `expected` is "accepted" and `allowed_ever` is `insurers`. To check
    a run that withdraws consents, generate the scenario again from its seed.
    """
    told: dict[str, list[Truth]] = {}
    with (directory / TRUTH).open(encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            for name in ("persons", "insurers"):
                found[name] = tuple(found[name])
            truth = Truth(**found, allowed_ever=found["insurers"])
            told.setdefault(truth.file.partition("#")[0], []).append(truth)
    with (directory / MANIFEST).open(encoding="utf-8") as lines:
        for line in lines:
            made = json.loads(line)
            yield Item(
                n=made["n"],
                method=made["method"],
                path=made["path"],
                sender=made["sender"],
                content_type=made["contentType"],
                file=made["file"],
                metadata=made["metadata"],
                of=made["of"],
                body=(directory / made["file"]).read_bytes(),
                truths=tuple(told[made["file"]]),
            )
