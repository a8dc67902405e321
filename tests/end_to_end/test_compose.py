"""compose.yaml and the Dockerfile: valid, without a secret, and everything that they start runs as a process of this machine."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft7Validator
from opentelemetry.sdk import environment_variables
from prometheus_client.parser import text_string_to_metric_families

from adapters.telemetry.spans import SWITCHES
from schemas.records import Role
from schemas.topics import BROKER_DAYS
from services.commands.run import SERVICES as RUNNING
from services.commands.run import run
from services.commands.topics import apply
from services.pipeline import PIPELINE
from services.recovery.manifest import NAME as MANIFEST
from services.sandbox.setup import read
from tests.end_to_end.composed import COMPOSE, DOCKERFILE, ENTRYPOINT, LASTING, OURS, ROOT, SERVICES, Composed
from tests.servers.kafka import POM


@pytest.fixture(scope="module")
def composed() -> Iterator[Composed]:
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user
    machine = Composed(folder)
    try:
        machine.start()
        yield machine
        assert set(machine.stop().values()) == {0}
        assert list((folder / "here").iterdir()) == [], (
            "in its container a service may write to its volumes and /tmp alone"
        )
    finally:
        shutil.rmtree(folder)


def test_the_file_is_valid() -> None:
    schema = json.loads((ROOT / "tests/data/compose/compose-spec.json").read_text())
    assert [error.message for error in Draft7Validator(schema).iter_errors(COMPOSE)] == []


def test_it_runs_every_service_once() -> None:
    commands = [service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "run"]
    assert sorted(commands) == sorted(RUNNING)
    for name, service in SERVICES.items():
        assert name not in RUNNING or service["command"][1] == name
        assert name not in LASTING or service["healthcheck"]["test"]
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == ("service_healthy" if other in LASTING else "service_completed_successfully")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_versions_are_those_of_the_tests() -> None:
    assert f"<version>{SERVICES['kafka']['image'].split(':')[1]}</version>" in POM.read_text()
    assert ("FROM", "python:3.11-slim-bookworm") in DOCKERFILE
    major = SERVICES["postgres"]["image"].split(":")[1]
    assert [line for word, line in DOCKERFILE if word == "RUN" and f"postgresql-client-{major} " in line]
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_the_broker_remembers_where_a_step_stood_for_as_long_as_the_topics_keep() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_OFFSETS_RETENTION_MINUTES"] >= BROKER_DAYS * 24 * 60


def test_it_holds_no_secret_and_nothing_is_open_to_others() -> None:
    values = {key: value for service in SERVICES.values() for key, value in service.get("environment", {}).items()}
    assert {key for key in values if "PASS" in key} == {"PGPASSFILE", "POSTGRES_PASSWORD_FILE"}
    assert not [value for value in values.values() if re.search(r"//[^/]*:[^/]*@", str(value))]
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"]
    assert [name for name in SERVICES if "outside" in SERVICES[name].get("networks", [])] == ["doors"]
    assert COMPOSE["networks"]["inside"]["internal"]


def test_the_commands_know_every_variable() -> None:
    known = {parameter.envvar for command in (run, apply) for parameter in command.params} | {"PGPASSFILE"}
    passed_on = {key for name in OURS for key, value in SERVICES[name].get("environment", {}).items() if value is None}
    assert passed_on and passed_on <= vars(environment_variables).keys()
    assert {key for name in OURS for key in SERVICES[name].get("environment", {})} <= known | passed_on
    for name in RUNNING:
        assert passed_on >= set(SWITCHES) and passed_on <= SERVICES[name]["environment"].keys()


def test_the_image_is_made_as_make_setup_does() -> None:
    """From the lock by hash, then ourselves without a look at any registry; and what it copies is let in."""
    lines = [line for word, line in DOCKERFILE if word == "RUN"]
    made = (ROOT / "Makefile").read_text()
    for words in ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation"):
        assert words in made and [line for line in lines if words in line]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [source for word, line in DOCKERFILE if word == "COPY" for source in line.split()[:-1]]
    assert set(copied) == let_in and all((ROOT / one).exists() for one in copied)
    assert ENTRYPOINT == ["claims"] and ("USER", "claims") in DOCKERFILE


def test_everything_comes_up_and_takes_a_document(composed: Composed) -> None:
    sandbox = composed.folder / "data" / "sandbox.json"
    command = [str(composed.folder / "environment/bin/claims"), "send", str(ROOT / "docs/examples/document.json")]
    done = subprocess.run(
        [*command, "--sandbox", str(sandbox), "--json"], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "accepted" in done.stdout, done.stdout + done.stderr
    doors, operator = f"http://127.0.0.1:{composed.port}", read(sandbox).of_role(Role.OPERATOR)[0]
    assert httpx.get(f"{doors}/openapi.json", trust_env=False).status_code == 200
    told = httpx.get(f"{doors}/metrics", headers={"authorization": f"Bearer {operator.token}"}, trust_env=False).text
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }
    assert samples["claims_verdict_seconds_count",] == 1
    assert samples["claims_records", "document", "accepted"] == 1
    assert {step.name for step in PIPELINE} == {key[1] for key in samples if key[0] == "claims_step_lag"}
    assert samples["claims_oldest_unprocessed_seconds",] == 0


def test_the_password_is_made_once_and_asked_for(composed: Composed) -> None:
    made = (composed.folder / "secrets" / "pgpass").read_bytes()
    composed.run("secrets")
    assert (composed.folder / "secrets" / "pgpass").read_bytes() == made
    assert (composed.folder / "secrets" / "pgpass").stat().st_mode & 0o077 == 0
    url = composed.here("hub", SERVICES["hub"]["environment"]["CLAIMS_DATABASE"])
    done = subprocess.run(["psql", "-w", "-c", "SELECT 1", url], capture_output=True, text=True, check=False)
    assert done.returncode and "password" in done.stderr


def test_a_backup_is_made_while_it_runs(composed: Composed) -> None:
    """By the commands of docs/operations.md; the journal has a volume of its own."""
    told = re.findall(r"docker compose run --rm recovery (backup .*)", (ROOT / "docs/operations.md").read_text())
    assert len(told) == 2
    for line in told:
        words = line.split()
        composed.run("recovery", *words)
        out = Path(composed.here("recovery", words[words.index("--out") + 1]))
        assert json.loads((out / MANIFEST).read_text())["holds"] == ("keys" if "--keys-only" in words else "store")
    assert (composed.folder / "journal" / "journal.sqlite").stat().st_size


def test_a_service_tells_of_its_process(composed: Composed) -> None:
    for name in (one for one in RUNNING if one != "doors"):
        answer = httpx.get(composed.here(name, "http://127.0.0.1:8080/metrics"), trust_env=False)
        names = {family.name for family in text_string_to_metric_families(answer.text)}
        assert {"process_start_time_seconds", "process_resident_memory_bytes"} <= names
