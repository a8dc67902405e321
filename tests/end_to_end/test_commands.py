"""The command `claims` as a person runs it: real processes, one running system."""

import hashlib
import json
import os
import re
import select
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from schemas.ids import trace_id
from tests.command import CLAIMS, claims

DATA = Path(__file__).parents[1] / "data"
SUMMARY = DATA / "fhir/bundle-songling-summary.json"
OUTPATIENT = DATA / "fhir/bundle-songling-outpatient.json"
SONGLING = "1141990058"
STOP_SECONDS = 10


class Up:
    """`claims up` in a folder, until `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "data/sandbox.json"
        self.process = subprocess.Popen(
            [*CLAIMS, "up", "--sandbox", "--port", "0"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=(folder / "log").open("a"),
            text=True,
            start_new_session=True,
        )
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready, "no address within a minute"
        self.said = self.process.stdout.readline()

    def run(self, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return claims(*arguments, cwd=self.folder, stdin=stdin)

    def json(self, *arguments: object) -> dict:
        return json.loads(self.run(*arguments, "--json").stdout)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Up]]:
    """Starts a system in the test's own folder, as often as it is asked; stops what still runs in the end."""
    running: list[Up] = []

    def begin() -> Up:
        running.append(Up(tmp_path))
        return running[-1]

    yield begin
    for up in running:
        up.stop()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("system"))
    yield up
    up.stop()


@pytest.fixture(scope="module")
def sent(system: Up) -> dict:
    return system.json("send", OUTPATIENT)


# ---- claims up


def test_up_without_sandbox_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    done = claims("up", cwd=tmp_path)
    assert done.returncode == 1 and "--sandbox" in done.stderr
    assert not (tmp_path / "data").exists()


def test_up_tells_one_line_with_the_address(system: Up) -> None:
    told = json.loads(system.file.read_text())["base_url"]
    assert re.fullmatch(rf"claims: {re.escape(told)}  \(tokens: data/sandbox.json\)\n", system.said)


def test_a_second_one_on_the_same_folder_is_refused(system: Up) -> None:
    before = system.file.read_text()
    done = system.run("up", "--sandbox", "--port", "0")
    assert done.returncode == 1 and "Another process already runs on data" in done.stderr
    assert system.file.read_text() == before


def test_a_port_in_use_is_refused(system: Up, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = claims("up", "--sandbox", "--port", taken.getsockname()[1], cwd=tmp_path)
    assert done.returncode == 1 and "Choose another with --port" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly_and_the_next_start_keeps_the_tokens(
    start: Callable[[], Up], tmp_path: Path, number: int
) -> None:
    first = start()
    before = json.loads(first.file.read_text())
    assert first.stop(number) == 0
    second = start()
    after = json.loads(second.file.read_text())
    assert after.pop("base_url") != before.pop("base_url") and after == before
    # Ctrl-C in a terminal reaches every process of the group.
    os.killpg(second.process.pid, signal.SIGINT)
    assert second.process.wait(STOP_SECONDS) == 0
    assert all(json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines())


def test_a_broken_pool_ends_the_process_with_1(start: Callable[[], Up]) -> None:
    up = start()
    assert up.run("send", OUTPATIENT).returncode == 0  # the workers are there
    for worker in _workers(up.process.pid):
        os.kill(worker, signal.SIGKILL)
    up.run("send", SUMMARY)
    assert up.process.wait(STOP_SECONDS + 5) == 1


def _workers(pid: int) -> list[int]:
    children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


# ---- claims send


def test_send_finds_door_and_sender_and_gives_the_verdict(sent: dict) -> None:
    assert (sent["verdict"], sent["sender"], sent["status"]) == ("accepted", SONGLING, 201)
    assert re.fullmatch("[0-9a-f]{32}", sent["record"])


def test_send_again_gives_the_same_record(system: Up, sent: dict) -> None:
    done = system.run("send", OUTPATIENT)
    assert done.returncode == 0 and f"record {sent['record']}" in done.stdout and "accepted" in done.stdout


def test_send_shows_every_problem_with_path_text_and_fix(system: Up, tmp_path: Path) -> None:
    bundle = json.loads(SUMMARY.read_text())
    bundle["identifier"]["value"] += "-broken"
    bundle["entry"][0]["resource"].pop("status")
    bundle["entry"][1].pop("fullUrl")
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(bundle))
    done = system.run("send", file, SUMMARY)
    assert done.returncode == 1
    assert "rejected" in done.stdout and "accepted" in done.stdout
    told = [json.loads(line) for line in system.run("send", file, SUMMARY, "--json").stdout.splitlines()]
    problems = told[0]["problems"]
    assert len(problems) >= 2 and told[1]["verdict"] == "accepted"
    for problem in problems:
        if problem["severity"] == "error":
            assert problem["code"] in done.stdout
            for name in ("path", "text", "textEn", "fix"):
                assert problem[name] in done.stdout


def test_send_broken_json_says_where(system: Up, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"resourceType": "Bundle",\n  "type" "document"}')
    done = system.run("send", file, "--as", SONGLING)
    assert done.returncode == 1 and "json-invalid" in done.stdout and "line 2" in done.stdout


def test_send_a_police_file_tells_each_accident(system: Up) -> None:
    done = system.run("send", DATA / "police/parties.csv")
    assert done.returncode == 0, done.stdout
    assert re.search(r"accidents: [\d,]+ accepted", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["send", "nothing.json"], "does not exist"),
        (["send", SUMMARY, "--as", "9999999999"], "9999999999 is not in sandbox.json"),
        (["send", SUMMARY, "--sandbox", "no/sandbox.json"], "does not exist"),
        (["trace", "0" * 32], "no such record or case"),
        (["verify-receipt", "abc"], "Not genuine"),
        (["scenario", "--seed", 1, "--cases", 1], "--out DIR"),
        (["participant", "suspend", "nobody"], "no participant nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_errors_say_what_to_do(system: Up, arguments: list, said: str) -> None:
    done = system.run(*arguments)
    assert done.returncode != 0 and said in done.stderr, done.stderr


def test_without_a_system_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = claims("send", SUMMARY, cwd=tmp_path)
    assert done.returncode == 1 and "claims up --sandbox" in done.stderr


def test_a_system_that_is_gone_is_a_sentence(system: Up, tmp_path: Path) -> None:
    content = json.loads(system.file.read_text())
    content["base_url"] = "http://127.0.0.1:9"
    (tmp_path / "sandbox.json").write_text(json.dumps(content))
    done = claims("reconcile", "--sandbox", tmp_path / "sandbox.json", cwd=tmp_path)
    assert done.returncode == 1 and "Is `claims up` running?" in done.stderr


# ---- claims trace, verify-receipt, reconcile


def test_trace_tells_a_record_and_its_case_end_to_end(system: Up, sent: dict) -> None:
    traced = system.json("trace", sent["record"])
    assert traced["record"]["record"] == sent["record"] and traced["verdict"]["outcome"] == "accepted"
    done = system.run("trace", sent["record"])
    assert done.returncode == 0 and sent["record"] in done.stdout and "accepted" in done.stdout
    assert f"trace {trace_id(sent['record'])}" in done.stdout
    case = system.run("trace", traced["case"]["case"])
    assert case.returncode == 0 and sent["record"] in case.stdout


def test_a_receipt_is_verified_against_key_and_bytes(system: Up, sent: dict, tmp_path: Path) -> None:
    told = system.json("verify-receipt", sent["receipt"], "--file", OUTPATIENT)
    assert told["genuine"] and told["fits"] and told["record"] == sent["record"]
    assert told["sha256"] == hashlib.sha256(OUTPATIENT.read_bytes()).hexdigest()
    other = system.run("verify-receipt", "-", "--file", SUMMARY, stdin=sent["receipt"] + "\n")
    assert other.returncode == 1 and "NOT the bytes" in other.stdout
    head, body, mark = sent["receipt"].split(".")
    forged = system.run("verify-receipt", f"{head}.{body}.{mark[:-4]}AAAA")
    assert forged.returncode == 1 and "Not genuine" in forged.stderr


def test_reconcile_agrees(system: Up, sent: dict) -> None:
    done = system.run("reconcile")
    assert done.returncode == 0, done.stdout
    assert "everything agrees" in done.stdout and system.json("reconcile")["ok"] is True


# ---- claims scenario, participant, erase


def test_a_scenario_is_written_and_its_folder_can_be_sent(system: Up, tmp_path: Path) -> None:
    out = tmp_path / "world"
    assert system.run("scenario", "--seed", 3, "--cases", 2, "--out", out).returncode == 0
    lines = (out / "manifest.jsonl").read_text().splitlines()
    truths = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert len(truths) >= len(lines) > 10
    again = system.run("scenario", "--seed", 3, "--cases", 2, "--out", out)
    assert again.returncode == 1 and "not empty" in again.stderr
    told = [json.loads(line) for line in system.run("send", out, "--json").stdout.splitlines()]
    assert len(told) == len(lines)
    assert {one["verdict"] for one in told} <= {"accepted", "duplicate", "rejected"}


def test_a_scenario_is_played_through_the_doors(system: Up) -> None:
    told = system.json("scenario", "--seed", 4, "--cases", 2, "--sandbox", system.file)
    assert told["records"] == sum(told["verdicts"].values()) > 10
    assert set(told["verdicts"]) <= {"accepted", "duplicate", "rejected"}


def test_a_participant_is_suspended_and_admitted_as_often_as_is_said(system: Up) -> None:
    for _ in range(2):
        assert system.run("participant", "suspend", "1237990044").returncode == 0
        assert system.json("participant", "show", "1237990044")["status"] == "suspended"
        refused = system.run("send", SUMMARY, "--as", "1237990044")
        assert refused.returncode == 1 and "not admitted" in refused.stdout
        assert system.run("participant", "admit", "1237990044").returncode == 0
        assert system.json("participant", "show", "1237990044")["status"] == "admitted"
    nothing = system.run("participant", "admit", "1237990044")
    assert nothing.returncode == 1 and "Nothing to change" in nothing.stderr


def test_a_new_participant_can_send_at_once(system: Up, tmp_path: Path) -> None:
    code = "1342990051"
    done = system.run("participant", "add", code, "--name", "北澄醫院", "--role", "hospital")
    assert done.returncode == 0, done.stderr
    told = system.json("send", SUMMARY, "--as", code)
    assert (told["verdict"], told["status"]) == ("rejected", 403)  # it is known now, and not the author
    again = system.run("participant", "add", code, "--name", "北澄醫院", "--role", "hospital")
    assert again.returncode == 1 and "takes part already" in again.stderr


def test_a_key_is_registered_rotated_and_made_private_ones_refused(system: Up, tmp_path: Path) -> None:
    code, own, out = "82916473", OKPKey.generate_key("X25519", {"kid": "2026-11"}), tmp_path / "private.jwk"
    public, private = tmp_path / "public.jwk", tmp_path / "own.jwk"
    public.write_text(json.dumps(own.as_dict(private=False)))
    private.write_text(json.dumps(own.as_dict(private=True)))
    refused = system.run("participant", "key", code, private)
    assert refused.returncode == 1 and "private key" in refused.stderr
    done = system.run("participant", "key", code, public)
    assert done.returncode == 0, done.stderr
    (held,) = system.json("participant", "show", code)["keys"]
    assert held == {**own.as_dict(private=False), "kid": "2026-11", "use": "enc"}
    assert "2026-11  X25519" in system.run("participant", "show", code).stdout
    made = system.run("participant", "key", code, "--generate", out)
    assert made.returncode == 0, made.stderr
    (held,) = system.json("participant", "show", code)["keys"]
    assert held.keys() == {"kty", "crv", "x", "kid", "use"} and held.items() <= json.loads(out.read_text()).items()
    assert out.stat().st_mode & 0o777 == 0o600
    again = system.run("participant", "key", code, "--generate", out)
    assert again.returncode == 1 and "never written over" in again.stderr
    neither = system.run("participant", "key", code)
    assert neither.returncode == 1 and "--generate" in neither.stderr


def test_erase_destroys_the_record_and_says_so(system: Up) -> None:
    record = system.json("send", SUMMARY)["record"]
    done = system.run("erase", record, "--reason", "sent by mistake")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERASED" in system.run("trace", record).stdout
    assert system.run("erase", record, "--reason", "sent by mistake").returncode == 0
    assert system.run("erase", "0" * 32, "--reason", "x").returncode == 1
    assert system.run("reconcile").returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["up"],
        ["demo"],
        ["backup"],
        ["restore"],
        ["send"],
        ["trace"],
        ["verify-receipt"],
        ["reconcile"],
        ["erase"],
        ["scenario"],
        ["participant"],
        ["police"],
        ["police", "import"],
    ],
    ids=lambda command: " ".join(command) or "claims",
)
def test_help_has_an_example(tmp_path: Path, command: list[str]) -> None:
    done = claims(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0 and "  claims " in done.stdout


def test_an_empty_folder_and_an_impossible_one_are_named(system: Up, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    sent = system.run("send", empty)
    assert sent.returncode == 1 and "Nothing to send" in sent.stderr and str(empty) in sent.stderr
    file = tmp_path / "file"
    file.touch()
    up = claims("up", "--sandbox", "--data", file / "inside", cwd=tmp_path)
    assert up.returncode == 1 and "--data" in up.stderr


def test_a_unit_registers_where_it_is_asked_and_what_it_signs_with(system: Up, tmp_path: Path) -> None:
    code, url = "379130000C", "https://verify.police.example/claims"
    assert system.run("participant", "key", code, "--generate", tmp_path / "seal.jwk").returncode == 0
    made = system.run("participant", "key", code, "--generate", tmp_path / "sign.jwk", "--use", "sig")
    assert made.returncode == 0, made.stderr
    done = system.run("participant", "endpoint", code, url)
    assert done.returncode == 0, done.stderr
    held = system.json("participant", "show", code)
    assert [(key["crv"], key["use"]) for key in held["keys"]] == [("X25519", "enc"), ("Ed25519", "sig")]
    assert held["endpoints"] == [url] and f"asked at {url}" in system.run("participant", "show", code).stdout
    refused = system.run("participant", "endpoint", code, "http://verify.police.example/")
    assert refused.returncode == 1 and "filing-endpoint-unusable" in refused.stdout + refused.stderr
