"""`make demo` in small: twice in a row with zeros, stopped by Ctrl-C, careful with folders that are not its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

DEMO = (sys.executable, "-m", "services", "demo", "--seed", "5", "--cases", "4")


def demo(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DEMO, *more], cwd=folder, capture_output=True, text=True, timeout=180, check=False)


def test_once_twice_in_a_row_ends_with_zeros(tmp_path: Path) -> None:
    for _ in range(2):
        done = demo(tmp_path, "--once")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "lost 0   doubled 0   leaked 0" in done.stdout
        assert "Reconciliation receipts, log, verdicts, store and feeds agree" in done.stdout
        assert "Real papers" in done.stdout
        known = re.search(r"Duplicates +found (\d+) of (\d+) known", done.stdout)
        assert known and known[1] == known[2] != "0"
    assert (tmp_path / "demo/sandbox.json").exists()


def test_it_stays_up_until_ctrl_c(tmp_path: Path) -> None:
    process = subprocess.Popen(DEMO, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        address = _address(process)
        assert address == json.loads((tmp_path / "demo/sandbox.json").read_text())["base_url"]
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=15)
    finally:
        process.terminate()
    assert process.returncode == 0 and "Stopped." in rest and "Traceback" not in rest
    last = json.loads((tmp_path / "demo/log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["failed"]) == ("stopped", False)
    assert demo(tmp_path, "--once").returncode == 0  # the folder is free again


def _address(process: subprocess.Popen[str]) -> str | None:
    """The live page's address, once it is told; None when it never is."""
    watch = threading.Timer(120, process.kill)
    watch.start()
    try:
        found = (re.search(r"Live page: (http://[\d.:]+)/", line) for line in process.stdout)
        return next((one[1] for one in found if one), None)
    finally:
        watch.cancel()


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/thesis.txt").write_text("years of work")
    done = demo(tmp_path, "--once")
    assert done.returncode == 1 and "other files" in done.stderr
    assert (tmp_path / "demo/thesis.txt").read_text() == "years of work"


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = demo(tmp_path, "--once", "--port", port)
    assert done.returncode == 1 and f"port {port}" in done.stderr and "--port" in done.stderr
