"""Brokers that speak TLS and ask for password and certificate: the right ones connect, each wrong one is told in seconds."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.commands.topics import topics
from tests.command import claims
from tests.servers.authority import certify
from tests.servers.kafka import Cluster, kafka
from tests.servers.postgres import Server

TOLD_SECONDS = 5.0
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with kafka(users={}, tls=certify(tmp_path_factory.mktemp("tls") / "right")) as cluster:
        yield cluster


def test_the_right_ones_make_topics_and_run_services(guarded: Cluster, server: Server, tmp_path: Path) -> None:
    places = ["--kafka", guarded.address, "--database", "postgresql://x/claims", "--keys", "postgresql://x/keys"]
    early = claims("run", "hub", "--sandbox", "--data", tmp_path, *places)
    assert early.returncode == 1 and "claims topics apply" in early.stderr
    result = CliRunner().invoke(topics, ["apply", "--kafka", guarded.address])
    assert result.exit_code == 0, result.output
    assert CliRunner().invoke(topics, ["plan", "--kafka", guarded.address]).output == "Nothing differs.\n"
    environment = {"CLAIMS_KAFKA": guarded.address, "CLAIMS_DATABASE": server.fresh(), "CLAIMS_KEYS": server.empty()}
    # Each speaks to brokers with clients of its own: Faust, a consumer and a producer, those and an administrator.
    for service in ("validation", "hub", "doors"):
        words = ["run", service, "--sandbox", "--data", str(tmp_path), "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "services", *words],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout
        said = process.stdout.readline()
        process.terminate()
        log = process.communicate(timeout=20)[1]
        assert said.startswith(b"claims: "), log
        assert process.returncode == 0, log


def test_each_wrong_one_is_told_within_seconds(guarded: Cluster, tmp_path: Path) -> None:
    other = certify(tmp_path / "other")
    right = guarded.address
    wrong = {
        "sslrootcert does not vouch": right.replace(f"{guarded.tls}/ca.pem", f"{other}/ca.pem"),
        "vouch": re.sub(r"sslrootcert=[^&]*&", "", right),  # the machine's authorities do not know it
        "password is another": guarded.address_of("hub", "guess"),
        "does not know this user": right.replace("hub:", "nobody:"),
        "(sslcert, sslkey)": right.partition("&sslcert")[0],
        "certificate": right.replace(f"{guarded.tls}/own.pem", f"{other}/own.pem"),  # of a foreign authority
        "for this protocol": right.partition("@")[2].partition("?")[0],
        "does not answer": re.sub(r":\d+\?", ":1?", right),
        "cannot be used": right.replace("ca.pem", "missing.pem"),
        "sslrootcert, sslcert, sslkey": right.replace("sslrootcert", "rootcert"),
    }
    for told, address in wrong.items():
        begun = time.monotonic()
        result = CliRunner().invoke(topics, ["plan", "--kafka", address])
        assert time.monotonic() - begun < TOLD_SECONDS, told
        assert result.exit_code == 1 and told in result.output, f"{told}: {result.output}"
        assert "hub-secret" not in result.output and "guess" not in result.output
