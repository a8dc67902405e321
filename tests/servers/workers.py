"""Worker processes of the tests' own, each a module of `tests` that says `runs` once it reads; killed in the end."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[str]"]


@contextmanager
def workers(module: str) -> Iterator[Start]:
    """Starts one with these words; returns once it reads."""
    with ExitStack() as ends:

        def begin(*words: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                [sys.executable, "-m", module, *words],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            ends.callback(process.wait)
            ends.callback(process.kill)
            assert process.stdout and process.stdout.readline() == "runs\n"
            return process

        yield begin
