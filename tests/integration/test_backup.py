"""`claims backup` and `claims restore`: what they refuse, and kill -9 in the middle of either."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.commands.restoring import MARK
from services.sandbox.scenario import generate
from tests.integration.recovering import Feeds, feeds_of, run
from tests.servers.places import InFiles
from tests.simulation.world import NOW, World

BIG = 64 << 20  # bytes of a file: long enough to copy that a kill comes in the middle
CLAIMS = (sys.executable, "-m", "services")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Feeds]:
    """The folder of a system that is stopped, and what its feeds say."""
    folder = tmp_path_factory.mktemp("made") / "data"
    world = World(InFiles(folder))
    world.send(list(generate(3, 4)))
    feeds = feeds_of(world.core, NOW)
    world.close()
    assert any(feeds.values())
    return folder, feeds


@pytest.fixture
def data(made: tuple[Path, Feeds], tmp_path: Path) -> Path:
    shutil.copytree(made[0], tmp_path / "data")
    return tmp_path / "data"


def lose(data: Path) -> None:
    for path in data.glob("claims.sqlite*"):
        path.unlink()
    shutil.rmtree(data / "blobs")


def killed(ready: Callable[[], bool], *words: object) -> None:
    """A command, killed with -9 as soon as it has come so far."""
    process = subprocess.Popen(
        [*CLAIMS, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not ready() and process.poll() is None:
        pass
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"


def test_no_key_is_in_the_store_and_no_store_in_the_keys(data: Path, tmp_path: Path) -> None:
    store, keys = tmp_path / "store", tmp_path / "keys"
    run("backup", "--out", store, "--data", data)
    run("backup", "--out", keys, "--data", data, "--keys-only")
    secrets = {(data / "keys" / name).read_bytes() for name in ("master.key", "lookup.key", "signing.key")}
    for path in store.rglob("*"):
        assert not path.is_file() or not any(secret in path.read_bytes() for secret in secrets)
    assert sorted(path.name for path in store.iterdir()) == ["blobs", "claims.sqlite", "manifest.json"]
    assert {path.name for path in keys.iterdir()} >= {"master.key", "wrapped.sqlite", "manifest.json"}
    assert not (keys / "claims.sqlite").exists()
    for path in [*store.rglob("*"), *keys.rglob("*")]:
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0 or path.name == "manifest.json"
    told = json.loads((store / "manifest.json").read_text())
    assert told["numbers"] and told["journal"] > 0 and set(told["files"]) == {"claims.sqlite"}


def test_a_backup_goes_to_a_place_of_its_own(data: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run("backup", "--out", store, "--data", data)
    for out, said in (
        (store, "not empty"),
        (store / "keys", "never lie in one folder"),
        (data / "backup", "lies in the data"),
    ):
        assert said in run("backup", "--keys-only", "--out", out, "--data", data, good=False)
    assert "holds no system" in run("backup", "--out", tmp_path / "x", "--data", tmp_path / "none", good=False)
    assert "--keys" in run("backup", "--out", tmp_path / "x", "--database", "postgresql://x", good=False)


def test_a_restore_says_why_it_refuses(data: Path, tmp_path: Path) -> None:
    store, keys = tmp_path / "store", tmp_path / "keys"
    run("backup", "--out", store, "--data", data)
    run("backup", "--out", keys, "--data", data, "--keys-only")

    def refused(said: str, backup: Path = store, place: Path = data) -> None:
        assert said in " ".join(run("restore", backup, "--data", place, good=False).split())
        assert not (place / MARK).exists()

    refused("not empty")
    refused("not empty", keys)
    refused("no keys", place=tmp_path / "elsewhere")
    lose(data)
    spoiled = tmp_path / "spoiled"
    for change, said in (
        (lambda: (spoiled / "manifest.json").unlink(), "no whole backup"),
        (lambda: (spoiled / "claims.sqlite").write_bytes(b"x"), "claims.sqlite was changed"),
        (lambda: (spoiled / "more").touch(), "more is not of it"),
        (lambda: rewrite(spoiled, format=2), "A newer version"),
        (lambda: rewrite(spoiled, revision="9999"), "A newer version"),
        (lambda: rewrite(spoiled, keys="0" * 32), "not those of this backup"),
        (lambda: rewrite(spoiled, database="postgresql"), "name its places"),
    ):
        shutil.copytree(store, spoiled)
        change()
        refused(said, spoiled)
        shutil.rmtree(spoiled)
    shutil.move(data / "journal", tmp_path / "journal")
    refused("The journal holds 0 entries")
    shutil.rmtree(data / "journal")
    shutil.move(tmp_path / "journal", data / "journal")
    run("restore", store, "--data", data)


def test_keys_of_another_system_are_refused_and_change_nothing(data: Path, tmp_path: Path) -> None:
    """Of another one that knows the same records by the same ids."""
    other, wrong, right = tmp_path / "other", tmp_path / "wrong", tmp_path / "right"
    world = World(InFiles(other))
    world.send(list(generate(3, 4)))
    world.close()
    run("backup", "--out", wrong, "--data", other, "--keys-only")
    run("backup", "--out", right, "--data", data, "--keys-only")
    shutil.rmtree(data / "keys")
    before = contents(data)
    said = run("restore", wrong, "--data", data, good=False)
    assert "another one's" in said and contents(data) == before and not (data / MARK).exists()
    shutil.move(data / "journal", tmp_path / "journal")
    assert "The journal holds 0 entries" in run("restore", right, "--data", data, good=False)
    assert not (data / MARK).exists() and not (data / "keys" / "master.key").exists()
    shutil.rmtree(data / "journal")
    shutil.move(tmp_path / "journal", data / "journal")
    assert "keys restored" in run("restore", right, "--data", data)


def contents(data: Path) -> list[tuple[object, ...]]:
    """Every row of the records and bodies of a store."""
    with closing(sqlite3.connect(data / "claims.sqlite")) as store:
        return [*store.execute("SELECT * FROM records ORDER BY 1"), *store.execute("SELECT * FROM bodies ORDER BY 1")]


def rewrite(backup: Path, **changed: object) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_a_backup_that_was_killed_is_none(data: Path, tmp_path: Path) -> None:
    (data / "blobs" / ("0" * 32)).write_bytes(os.urandom(BIG))
    for place in ("claims.sqlite", "blobs/" + "0" * 32):
        out = tmp_path / place.partition("/")[0]
        killed(lambda out=out, place=place: (out / place).exists(), "backup", "--out", out, "--data", data)
        assert not (out / "manifest.json").exists()
        assert "no whole backup" in run("restore", out, "--data", tmp_path / "other", good=False)
        assert "not empty" in run("backup", "--out", out, "--data", data, good=False)


def test_a_restore_that_was_killed_lets_nothing_start_and_is_run_again(
    made: tuple[Path, Feeds], data: Path, tmp_path: Path
) -> None:
    big = "0" * 32
    (data / "blobs" / big).write_bytes(os.urandom(BIG))
    store, other = tmp_path / "store", tmp_path / "another"
    run("backup", "--out", store, "--data", data)
    run("backup", "--out", other, "--data", data)
    for place in (MARK, "claims.sqlite", f"blobs/{big}"):
        lose(data)
        killed(lambda place=place: (data / place).exists(), "restore", store, "--data", data)
        assert (data / MARK).exists()
        assert "half restored" in run("up", "--sandbox", "--data", data, "--port", 0, good=False)
        assert "half restored" in run("backup", "--out", tmp_path / "no", "--data", data, good=False)
        assert "another backup" in run("restore", other, "--data", data, good=False)
        run("restore", store, "--data", data)
        assert not (data / MARK).exists()
        world = World(InFiles(data))
        assert feeds_of(world.core, NOW) == made[1]
        world.close()
