"""`make fuzz`: coverage-guided inputs for the validator (atheris), from our own examples.

FUZZ_SECONDS (1800) is how long. An exception, or more than ten seconds for one input, ends it with exit status 77 or 70
and leaves the input in `.fuzz/`: `python -m tests.fuzz .fuzz/crash-…` runs that alone.
"""

import hashlib
import os
import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["adapters", "schemas", "services"]):
    from tests.fuzz.target import changed, run, seeds

FOLDER = Path(".fuzz")
SECONDS = os.environ.get("FUZZ_SECONDS", "1800")
LARGEST = 65_536  # bytes: small inputs, many of them
SLOWEST = 10  # seconds


def main() -> None:
    corpus = FOLDER / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = [
        f"-max_total_time={SECONDS}",
        f"-timeout={SLOWEST}",
        f"-max_len={LARGEST}",
        f"-artifact_prefix={FOLDER}/",
        "-print_final_stats=1",
    ]
    inputs = sys.argv[1:] or [str(corpus)]
    atheris.Setup([sys.argv[0], *options, *inputs], run, custom_mutator=_mutated)
    atheris.Fuzz()


def _mutated(data: bytes, largest: int, seed: int) -> bytes:
    return changed(data, random.Random(seed), lambda one: atheris.Mutate(one, largest))[:largest]


if __name__ == "__main__":
    main()
