"""Starting the two sides as their users would, and reading what they cost from /proc."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """CPU seconds of one process, MiB resident and at the peak."""

    name: str
    cpu: float
    resident: float
    peak: float


class Server:
    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.port = port
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        listens(port, lambda: self._process.poll() is not None, f"{command} did not start: see {log}")

    def usage(self) -> list[Usage]:
        """The process and its children, the parent first."""
        return tree(self._process.pid)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def listens(port: int, ended: Callable[[], bool] = lambda: False, told: str = "it does not listen") -> None:
    """Returns once somebody listens there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if ended() or time.monotonic() > deadline:
                raise SystemExit(told) from None
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bare(folder: Path) -> Server:
    port = free_port()
    return Server(
        [sys.executable, "-m", "bench.bare", str(port), str(folder / "bare.sqlite")], port, folder / "bare.log"
    )


def interchange(folder: Path, data: Path) -> tuple[Server, dict[str, str]]:
    """`claims up` on `data`, and its tokens by code."""
    port = free_port()
    command = [sys.executable, "-m", "services", "up", "--port", str(port), "--data", str(data), "--sandbox"]
    server = Server([*command, "--rate", "100000"], port, folder / "claims.log")
    return server, tokens_of(data)


def tokens_of(data: Path) -> dict[str, str]:
    """The tokens of the sandbox's participants, by code."""
    sandbox = json.loads((data / "sandbox.json").read_text())
    lists = ("hospitals", "police", "claimlink", "insurers", "operators")
    return {one["code"]: one["token"] for name in lists for one in sandbox[name]}


def tree(pid: int) -> list[Usage]:
    """A process and those it started, itself first; what has ended counts for the one that started it."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        found.append(_usage(pid))
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


def _usage(pid: int) -> Usage:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    memory = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status.splitlines() if line.endswith(" kB")}
    name = (
        "parent"
        if " up " in command
        else "validation"
        if "spawn_main" in command
        else "tracker"
        if "tracker" in command
        else "bare"
    )
    return Usage(f"{name} {pid}", sum(map(int, stat[11:15])) / TICKS, memory.get("VmRSS", 0), memory.get("VmHWM", 0))
