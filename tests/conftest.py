"""Fixtures of more than one folder: a broker and a PostgreSQL server of the tests' own, and where a core keeps its data."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from schemathesis.pytest.plugin import SchemathesisFunction

from tests.servers.kafka import kafka
from tests.servers.places import InFiles, InPostgres, Place
from tests.servers.postgres import Server, postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Schemathesis gives the tests of all doors one name, and of tests of one name xdist runs one and does not say so: here each
    is named by its door."""
    for item in items:
        if isinstance(item, SchemathesisFunction):
            item._id = type(item.id).parse(f"{item.nodeid}[{item.operation_label}]")
    assert len({item.nodeid for item in items}) == len(items)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres() as server:
        yield server


@pytest.fixture
def database_url(server: Server) -> str:
    """A new database with all tables."""
    return server.fresh()


@pytest.fixture(scope="session")
def kafka_address() -> Iterator[str]:
    with kafka() as cluster:
        yield cluster.address


@pytest.fixture(scope="session")
def places(request: pytest.FixtureRequest) -> Callable[[str, Path], Place]:
    """Makes an empty place over a folder, in the database of this name; the server starts when it is first asked for."""

    def make(database: str, folder: Path) -> Place:
        if database == "sqlite":
            return InFiles(folder)
        server: Server = request.getfixturevalue("server")
        return InPostgres(folder, server.fresh(), server.empty())

    return make


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, places: Callable[[str, Path], Place]) -> Callable[[Path], Place]:
    """A test that asks for it runs over both databases."""
    return partial(places, request.param)


@pytest.fixture
def place(new_place: Callable[[Path], Place], tmp_path: Path) -> Place:
    return new_place(tmp_path)
