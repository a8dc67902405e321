"""The command `claims` as its user runs it, as a process: one that serves sets up its log for good."""

import subprocess
import sys
from pathlib import Path

CLAIMS = (sys.executable, "-m", "services")


def claims(*arguments: object, cwd: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*CLAIMS, *map(str, arguments)], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done
