"""`make demo` in small: twice in a row with zeros, stopped by Ctrl-C, careful with folders that are not its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from schemas.records import FUND
from services.portal.motor_words import INSURED
from services.sandbox.scenario import generate
from services.sandbox.truth import Acting

# With a double, an accident of two who pay that has all its papers, the fund as one of them, and agents with and without a
# mandate.
SEED, CASES = 415, 7
DEMO = (sys.executable, "-m", "services", "demo", "--seed", str(SEED), "--cases", str(CASES))


def demo(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DEMO, *more], cwd=folder, capture_output=True, text=True, timeout=180, check=False)


def told_of_the_world() -> list[str]:
    """What the summary must say of what the scenario holds."""
    truths = [truth for item in generate(SEED, CASES) for truth in item.truths]
    whole = [
        truth for truth in truths if truth.claimed and len({payer for o in truth.owed.values() for payer in o}) > 1
    ]
    acting = Counter(truth.acting for truth in truths)
    for_fund = Counter(
        stood
        for truth in truths
        for party, owed in (truth.owed or {}).items()
        if FUND in owed
        for stood in {stood for car, stood in truth.stood.items() if stood != "insured" and car != party}
    )
    assert for_fund["uninsured"] and any(FUND in owed for truth in whole for owed in truth.owed.values())
    assert whole and acting[Acting.MANDATED] and acting[Acting.REVOKED] and acting[Acting.UNMANDATED]
    return [
        f"To settle {len(whole)} accidents of two who pay from one set each",
        *(f"{INSURED[stood][1]} {count}" for stood, count in for_fund.items()),
        f"applications under a mandate {acting[Acting.MANDATED]}, held by insurers {acting[Acting.MANDATED]};",
        f"under one revoked {acting[Acting.REVOKED]}, offered before ",
        f"held 0; without one {acting[Acting.UNMANDATED]}, ever offered 0",
        " 1 refused",
        "each unit was down once, signed with a wrong key once and took 3 s once;",
    ]


def test_once_twice_in_a_row_ends_with_zeros(tmp_path: Path) -> None:
    wanted = told_of_the_world()
    for _ in range(2):
        done = demo(tmp_path, "--once")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "lost 0   doubled 0   leaked 0" in done.stdout
        assert "Reconciliation receipts, log, verdicts, store and feeds agree" in done.stdout
        text = " ".join(done.stdout.split())
        assert [told for told in wanted if told not in text] == [], done.stdout
        known = re.search(r"Duplicates +found (\d+) of (\d+) known", done.stdout)
        assert known and known[1] == known[2] != "0"
    assert (tmp_path / "demo/sandbox.json").exists()


def test_it_stays_up_until_ctrl_c(tmp_path: Path) -> None:
    process = subprocess.Popen(DEMO, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        address = _address(process)
        assert _asked_at(tmp_path / "demo/sandbox.json").endswith("/sandbox/verifications")
        assert address == json.loads((tmp_path / "demo/sandbox.json").read_text())["base_url"]
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=15)
    finally:
        process.terminate()
    assert process.returncode == 0 and "Stopped." in rest and "Traceback" not in rest
    last = json.loads((tmp_path / "demo/log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["failed"]) == ("stopped", False)
    assert demo(tmp_path, "--once").returncode == 0  # the folder is free again


def _asked_at(sandbox: Path) -> str:
    """Where the unit is asked that the demo has stood in for, and that is there again."""
    command = (
        sys.executable,
        "-m",
        "services",
        "participant",
        "show",
        "387130000C",
        "--json",
        "--sandbox",
        str(sandbox),
    )
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    (url,) = json.loads(told.stdout)["endpoints"]
    return str(url)


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
