"""`claims up` killed with -9 while a unit is being asked: the question is asked again, under the same id, and answered. And the
sandbox's own unit, which dies with it and comes back.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from schemas.records import Role
from services.sandbox import setup
from services.sandbox.client import Client, Post, judged
from services.sandbox.police_unit import Fault, PoliceUnit
from tests.end_to_end.ordeal import Process
from tests.integration.bodies import CLAIMLINK, POLICE
from tests.integration.police_case import ONE, police_case

JSON = "application/json"
SECONDS = 90.0  # a try in hand when the process died is taken up by another after fifteen


def test_a_question_outlives_the_process_that_asks(tmp_path: Path) -> None:
    asyncio.run(_play(Process(tmp_path / "data")))


def test_the_sandbox_s_unit_answers_dies_with_its_process_and_comes_back(tmp_path: Path) -> None:
    asyncio.run(_twice(Process(tmp_path / "data")))


async def _twice(process: Process) -> None:
    doors: list[str] = []
    for ends in (process.kill, process.stop):
        await process.start()
        async with Client(setup.read(process.data / "sandbox.json"), patience=SECONDS) as client:
            doors.append(await _door(client, without=doors))
            sha256 = await _case(client)
            question = {"id": sha256[:16], "paper": sha256, "issuer": POLICE}
            asked = await client.send(Post(ONE, "POST", "/papers/verifications", json.dumps(question).encode(), JSON))
            assert asked.status == 202, asked.body
            async with asyncio.timeout(SECONDS):
                while await _states(client, sha256) != ["unverified", "matched"]:
                    await asyncio.sleep(0.2)
        await ends()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", urlsplit(doors[-1]).port)


async def _door(client: Client, without: Iterable[str] = ()) -> str:
    """Where the sandbox's unit is asked, once it is registered."""
    operator = client.sandbox.of_role(Role.OPERATOR)[0].code
    async with asyncio.timeout(SECONDS):
        while True:
            known = (await client.get(operator, f"/participants/{POLICE}")).json()
            if new := [url for url in known["endpoints"] if url not in without]:
                (key,) = known["keys"]  # of an earlier start none is left
                assert key["use"] == "sig"
                return str(new[0])
            await asyncio.sleep(0.05)


async def _play(process: Process) -> None:
    await process.start()
    async with Client(setup.read(process.data / "sandbox.json"), patience=SECONDS) as client:

        async def keys() -> Any:
            return (await client.get(None, "/.well-known/jwks.json")).json()

        unit = PoliceUnit(POLICE, keys)
        unit.faults = [Fault.SLOW]
        serving = asyncio.create_task(unit.serve())
        try:
            await _door(client)
            await _register(client, unit)
            sha256 = await _case(client)
            unit.knows([sha256])
            question = {"id": "q", "paper": sha256, "issuer": POLICE}
            asked = await client.send(Post(ONE, "POST", "/papers/verifications", json.dumps(question).encode(), JSON))
            assert asked.status == 202, asked.body
            id = asked.json()["verification"]
            async with asyncio.timeout(SECONDS):
                while not unit.asked:
                    await asyncio.sleep(0.02)
            await process.kill()
            await process.start()
            async with asyncio.timeout(SECONDS):
                while (told := (await client.get(ONE, f"/papers/verifications/{id}")).json())["state"] == "asked":
                    await asyncio.sleep(0.2)
            assert told["state"] == "confirmed"
            assert [one["jti"] for one in unit.asked] == [id, id]
            async with asyncio.timeout(SECONDS):
                while await _states(client, sha256) != ["unverified", "matched"]:
                    await asyncio.sleep(0.2)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
            await process.stop()


async def _register(client: Client, unit: PoliceUnit) -> None:
    """In place of the sandbox's, for good."""
    operator = client.sandbox.of_role(Role.OPERATOR)[0].code
    body = {
        "name": "警察局",
        "roles": ["police"],
        "status": "admitted",
        "keys": [unit.public_key],
        "endpoints": [unit.url],
    }
    answer = await judged(client, Post(operator, "PUT", f"/participants/{POLICE}", json.dumps(body).encode(), JSON))
    assert answer.status == 201, answer.body


async def _case(client: Client) -> str:
    """A case whose slip a party handed in; the slip's SHA-256, once it is offered."""
    case = police_case()
    for post in (
        Post(POLICE, "POST", "/police/accidents", case.accident, JSON),
        Post(CLAIMLINK, "POST", "/claimlink/applications", case.application, JSON),
        Post(CLAIMLINK, "POST", "/papers", case.file, "application/pdf", case.slip),
    ):
        answer = await judged(client, post)
        assert answer.status == 201, answer.body
    sha256 = hashlib.sha256(case.file).hexdigest()
    async with asyncio.timeout(SECONDS):
        while await _states(client, sha256) != ["unverified"]:
            await asyncio.sleep(0.1)
    return sha256


async def _states(client: Client, sha256: str) -> list[str]:
    events = (await client.get(ONE, f"/insurers/{ONE}/offers")).json()["events"]
    papers = (paper for event in events for paper in event["data"].get("papers", ()))
    return [paper["integrity"]["state"] for paper in papers if paper["sha256"] == sha256]
