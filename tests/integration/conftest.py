"""Fixtures: `running`, one system for all tests of a module; `fresh`, one for a test alone; `opened` opens worlds on places."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.running import Running, start
from tests.servers.places import Place
from tests.simulation.world import World


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Shared by the tests of a module: each sends bodies of its own (`bodies.fresh()`)."""
    with start(tmp_path_factory.mktemp("running") / "data") as system:
        yield system


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "data") as system:
        yield system


@pytest.fixture
def opened() -> Iterator[Callable[[Place], World]]:
    worlds: list[World] = []

    def open_(place: Place) -> World:
        worlds.append(World(place))
        return worlds[-1]

    yield open_
    for world in worlds:
        world.close()
