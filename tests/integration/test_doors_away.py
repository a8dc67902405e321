"""What a sender hears while the store or the log is away, and when the system ends: to come again, never a failure."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from schemas.events import Message
from tests.integration import bodies
from tests.integration.bodies import POLICE
from tests.integration.running import Running

PATIENT = {"content-type": "application/json", "prefer": "wait=30"}


def come_again(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503 and answer.json()["type"].endswith("overloaded") and "retry-after" in answer.headers
    )


def test_a_record_that_cannot_be_entered_in_time(fresh: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.desk.ENTRY_SECONDS", 0.2)
    leave, append = threading.Event(), fresh.system.host.append

    def held(work: Callable[[Connection], list[Message]]) -> None:
        leave.wait()  # as a store or a log that does not answer
        append(work)

    monkeypatch.setattr(fresh.system.host, "append", held)
    body = bodies.accident()
    with fresh.client(POLICE) as client:
        for _ in range(2):  # one in hand, one in the queue
            assert come_again(client.post("/police/accidents", content=body, headers=PATIENT))
        assert not fresh.system.desk._queue, "who was told to come again stands there no longer"
        monkeypatch.setattr("services.intake.desk.ENTRY_SECONDS", 30)
        leave.set()
        assert client.post("/police/accidents", content=body, headers=PATIENT).status_code in (200, 201)
        assert len(client.get("/records").json()["records"]) == 1


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception()), NoConnection()])
def test_a_database_that_does_not_answer(fresh: Running, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fails(_: object) -> None:
        raise error

    monkeypatch.setattr(fresh.system, "read", fails)
    with fresh.client(POLICE) as client:
        assert come_again(client.get("/records"))


def test_a_sender_that_waits_for_a_verdict_is_answered_when_the_system_ends(
    fresh: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh.system.desk, "_tell", lambda _: None)  # the verdict is not heard

    async def dismiss() -> None:
        fresh.system.desk.dismiss()

    with fresh.client(POLICE) as client, ThreadPoolExecutor(1) as sender:
        answer = sender.submit(client.post, "/police/accidents", content=bodies.accident(), headers=PATIENT)
        while not answer.done():
            fresh.call(dismiss)
        assert answer.result().status_code == 202 and answer.result().elapsed.total_seconds() < 25
