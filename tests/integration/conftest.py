"""Fixtures: `running`, one system for all tests of a module; `fresh`, one for a test alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running import Running, start


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Shared by the tests of a module: each sends bodies of its own (`bodies.fresh()`)."""
    with start(tmp_path_factory.mktemp("running") / "data") as system:
        yield system


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "data") as system:
        yield system
