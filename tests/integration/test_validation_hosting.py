"""The transform of validation on brokers: a record is answered alike wherever it is judged."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.stores.archive import Archive
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import pack
from schemas.events import Encoded, Message, Received
from schemas.ids import event_id
from schemas.records import Kind, Record, Role
from schemas.topics import RECEIVED
from services.distributed import SMALL_BYTES, Validation
from services.validation import pool, worker
from services.validation.lanes import LARGE_BYTES

SMALL, MIDDLING, LARGE = 100, SMALL_BYTES, LARGE_BYTES


@pytest.fixture(scope="module")
def workers() -> Iterator[Executor]:
    with pool.make() as made:
        yield made


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    keys = Keys(tmp_path / "keys")
    yield Archive(keys, Blobs(tmp_path / "blobs"))
    keys.close()


def received(size: int, blob: bool = False) -> tuple[Message, bytes]:
    body = b'{"resourceType": "Bundle", "type": "document"%s}' % (b" " * size)
    digest = sha256(body).hexdigest()
    id = digest[:32]
    record = Record(
        id=id, attempt=1, kind=Kind.DOCUMENT, sender="H1", role=Role.HOSPITAL, method="POST", path="/fhir/Bundle",
        sha256=digest, size=len(body), media_type="application/fhir+json", received="2026-11-22T04:00:00.000000Z",
    )  # fmt: skip
    event = Received(record=record, blob=id if blob else None)
    return Message(RECEIVED.name, id, event_id(id, 1), event, b"" if blob else pack(body)), body


@pytest.mark.parametrize("size", [SMALL, MIDDLING, LARGE])
def test_a_record_of_any_size_is_answered_alike(size: int, workers: Executor, archive: Archive) -> None:
    message, body = received(size)
    (wanted,) = worker.answer(message.event, body)  # type: ignore[arg-type]
    assert wanted.event.problems, "something to compare"  # type: ignore[union-attr]
    (own,) = asyncio.run(_outputs(message, workers, archive))
    assert own == Encoded(wanted.topic, wanted.key, wanted.id, wanted.head(), message.body)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_one_whose_bytes_rest_in_a_file_is_read_there(size: int, workers: Executor, archive: Archive) -> None:
    message, body = received(size, blob=True)
    archive.blobs.write(message.key, archive.blob_key(message.key), body)
    (wanted,) = worker.answer(message.event, body)  # type: ignore[arg-type]
    assert asyncio.run(_outputs(message, workers, archive)) == [
        Encoded(wanted.topic, wanted.key, wanted.id, wanted.head(), b"")
    ]


def test_a_pool_that_broke_ends_the_step_and_no_record(archive: Archive) -> None:
    with pool.make() as broken:
        with pytest.raises(BrokenExecutor):
            broken.submit(os._exit, 1).result()
        with pytest.raises(BrokenExecutor):
            asyncio.run(_outputs(received(MIDDLING)[0], broken, archive))
        (own,) = asyncio.run(_outputs(received(SMALL)[0], broken, archive))
    assert b'"dead"' not in own.value()


async def _outputs(message: Message, workers: Executor, archive: Archive) -> list[Message | Encoded]:
    return await Validation(archive, workers).outputs(message)
