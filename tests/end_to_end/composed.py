"""compose.yaml without an engine: its services as processes of this machine, set up as the file and its images would.

What an image does is done by hand: PostgreSQL's and Kafka's set-up from their environment, our own by the Dockerfile's lines."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import threading
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.servers import free_port
from tests.servers.kafka import START_SECONDS, Cluster, _java, _prepare
from tests.servers.postgres import _run

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = [
    line.partition(" ")[::2] for line in (ROOT / "Dockerfile").read_text().splitlines() if line and line[0] != "#"
]
ENTRYPOINT = [line.strip('[]"') for word, line in DOCKERFILE if word == "ENTRYPOINT"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
VOLUMES = [line.rpartition("-m 700 ")[2].replace("/", "").split() for word, line in DOCKERFILE if "-m 700 " in line][0]
LASTING = [name for name in SERVICES if SERVICES[name]["restart"] != "no"]


def install(folder: Path) -> Path:
    """Our image's files and its own install, in a fresh environment; what it depends on is this one's. Its programs."""
    context = folder / "image"
    context.mkdir()
    for words in (shlex.split(line) for word, line in DOCKERFILE if word == "COPY"):
        *sources, target = words
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, context / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, context / target)
    fresh = folder / "environment"
    venv.create(fresh, symlinks=True)
    (packages,) = fresh.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (line,) = (line for word, line in DOCKERFILE if word == "RUN" and line.endswith(" ."))
    environment = os.environ | {"PATH": f"{fresh}/bin:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], cwd=context, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return fresh / "bin"


class Composed:
    """The services of compose.yaml in a folder, started in their order; `port` is the doors'."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = install(folder)
        self._ports = {name: str(free_port()) for name in SERVICES}
        self.port = self._ports["doors"]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("tmp", "here", *VOLUMES):
            (folder / name).mkdir(mode=0o700)

    def here(self, name: str, value: object) -> str:
        """A value of the file, with this machine's places for the containers'."""
        places = {
            "$$": "$",
            "/var/lib/kafka/data": f"{self.folder}/kafka/data",
            **{f"/{volume}": f"{self.folder}/{volume}" for volume in VOLUMES},
            "kafka:9092": f"127.0.0.1:{self._ports['kafka']}",
            ":9092": f"127.0.0.1:{self._ports['kafka']}",
            "127.0.0.1/9092": f"127.0.0.1/{self._ports['kafka']}",
            "kafka:9093": f"127.0.0.1:{self._ports['secrets']}",  # which listens nowhere
            ":9093": f"127.0.0.1:{self._ports['secrets']}",
            "@postgres/": f"@127.0.0.1:{self._ports['postgres']}/",
            "0.0.0.0": "127.0.0.1",
            "8080": self._ports[name],
        }
        pattern = "|".join(re.escape(place) for place in sorted(places, key=len, reverse=True))
        return re.sub(pattern, lambda found: places[found[0]], str(value))

    def start(self) -> None:
        """Each once what it depends on is as it asks."""
        waiting = {name: one for name, one in SERVICES.items() if not one.get("profiles")}
        while waiting:
            name = next(name for name, one in waiting.items() if not waiting.keys() & one.get("depends_on", {}).keys())
            for other, how in waiting.pop(name).get("depends_on", {}).items():
                if how["condition"] == "service_healthy":
                    self.wait(other)
            {"kafka": self._kafka, "postgres": self._postgres}.get(name, lambda name=name: self._ours(name))()
        for name in LASTING:
            self.wait(name)

    def wait(self, name: str) -> None:
        """Until its own health check says so."""
        words, seconds = [self.here(name, word) for word in SERVICES[name]["healthcheck"]["test"]], START_SECONDS * 4
        deadline = time.monotonic() + seconds
        while subprocess.run(words[1:], env=self._environment(name), capture_output=True, check=False).returncode:
            assert name not in self.processes or self.processes[name].poll() is None, self.log(name)
            assert time.monotonic() < deadline, f"{name} is not healthy: {self.log(name)}"
            threading.Event().wait(0.2)

    def stop(self) -> dict[str, int]:
        """How each of ours ended."""
        for process in self.processes.values():
            process.terminate()
        ends = {name: process.wait(60) for name, process in self.processes.items()}
        self._broker.stop()
        _run("pg_ctl", "-D", self.folder / "postgres" / "data", "-m", "immediate", "-w", "stop")
        return ends

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _environment(self, name: str) -> Mapping[str, str]:
        given = SERVICES[name].get("environment", {})
        own = {key: self.here(name, value) for key, value in given.items() if value is not None}
        own |= {
            key: os.environ[key] for key in given.keys() - own.keys() & os.environ.keys()
        }  # passed on, where it is set
        machine = {"PATH": f"{self._programs}:{os.environ['PATH']}", "PGPORT": self._ports["postgres"]}
        return machine | {"TMPDIR": f"{self.folder}/tmp"} | own

    def run(self, name: str, *command: str) -> None:
        """As `docker compose run --rm`: once, its command or another one."""
        self._ours(name, command)

    def _ours(self, name: str, command: Sequence[str] = ()) -> None:
        service = SERVICES[name]
        words = [*service.get("entrypoint", ENTRYPOINT), *(command or service["command"])]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [self.here(name, word) for word in words],
                cwd=self.folder / "here",
                env=self._environment(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if service["restart"] == "no":
            assert process.wait(120) == 0, self.log(name)
        else:
            self.processes[name] = process

    def _kafka(self) -> None:
        """As the image: what is KAFKA_A_B becomes a.b, and the folder is formatted under CLUSTER_ID."""
        _prepare()
        folder, given = self.folder / "kafka", self._environment("kafka")
        folder.mkdir()
        lines = {key[6:].lower().replace("_", "."): value for key, value in given.items() if key.startswith("KAFKA_")}
        (folder / "0.properties").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        tool = _java("kafka.tools.StorageTool", "format", "-t", given["CLUSTER_ID"], "-c", str(folder / "0.properties"))
        subprocess.run(tool, capture_output=True, check=True)
        self._broker = Cluster(folder, [int(self._ports["kafka"])], {})
        self._broker.start(0)

    def _postgres(self) -> None:
        """As the image: a password for whoever comes by the network, POSTGRES_DB, then the scripts of its folder."""
        given, folder = self._environment("postgres"), self.folder / "postgres"
        folder.mkdir()
        shutil.copy(given["POSTGRES_PASSWORD_FILE"], folder / "password")
        (script,) = (
            ROOT / one.split(":")[0] for one in SERVICES["postgres"]["volumes"] if "/docker-entrypoint-initdb.d/" in one
        )
        shutil.copy(script, folder / "script.sql")
        if os.getuid() == 0:
            for one in (folder, *folder.iterdir()):
                shutil.chown(one, "postgres", "postgres")
        user, data = given["POSTGRES_USER"], folder / "data"
        arguments = given["POSTGRES_INITDB_ARGS"].split()
        access = ["--auth-host=scram-sha-256", "--auth-local=trust", f"--pwfile={folder / 'password'}"]
        _run("initdb", "-D", data, "-U", user, "--no-sync", *access, *arguments)
        own = f"-c port={given['PGPORT']} -c unix_socket_directories={folder} -c listen_addresses=127.0.0.1"
        options = " ".join([*SERVICES["postgres"]["command"][1:], own])
        _run("pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        local = ["-h", folder, "-p", given["PGPORT"], "-U", user]
        _run("createdb", *local, given["POSTGRES_DB"])
        _run("psql", *local, "-v", "ON_ERROR_STOP=1", "-d", given["POSTGRES_DB"], "-f", folder / "script.sql")
