"""A system of real processes is backed up under load, loses its store, is restored and goes on: both forms."""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from schemas.records import Role
from services.sandbox import setup
from services.sandbox.client import Client, Post
from services.sandbox.observer import Observer
from services.sandbox.player import Player, Sent, settle
from services.sandbox.scenario import Item, generate
from tests.end_to_end.ordeal import PATIENCE, Killable, Process, of_world
from tests.end_to_end.services import services
from tests.integration.test_recovery import bases_in, check_numbers, papers_in
from tests.servers.postgres import Server

CASES = 8  # of each of three worlds: before the backup, during it, after it
OPERATOR = "operator-1"
REST = 60.0  # seconds until nothing moves any more
Feeds = dict[str, list[dict[str, Any]]]


async def claims(*words: object, environment: Mapping[str, str] = {}) -> str:  # noqa: B006 — not changed
    """What a command says, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", *map(str, words), stdout=PIPE, stderr=PIPE, env=os.environ | environment
    )
    said, wrong = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, said.decode() + wrong.decode()
    return said.decode()


@dataclass
class Taken:
    """What was taken away after the backup, and what the feeds said then."""

    feeds: Feeds
    erased: dict[str, str]  # records and their hashes
    withdrawn: str
    suspended: str


async def feeds_of(client: Client, besides: str = "") -> Feeds:
    feeds: Feeds = {}
    for insurer in (one.code for one in client.sandbox.of_role(Role.INSURER) if one.code != besides):
        feeds[insurer] = await Observer(client)._whole(insurer)
        assert [one["offernumber"] for one in feeds[insurer]] == list(range(1, len(feeds[insurer]) + 1))
    return feeds


def world(seed: int) -> list[Item]:
    return [of_world(item, seed) for item in generate(seed, CASES)]


async def play(client: Client, items: list[Item]) -> list[Sent]:
    sent = await Player(client, lambda one: None).play(items)
    return await settle(client, sent, PATIENCE)


def alike(one: str, other: str) -> bool:
    """The same verdict; of two that are one document either may be the first now."""
    return one == other or {one, other} == {"accepted", "duplicate"}


async def post(client: Client, method: str, path: str, body: Mapping[str, object] | None, sender: str) -> None:
    content = json.dumps(body).encode() if body else b""
    answer = await client.send(Post(sender, method, path, content, "application/json" if body else None))
    assert answer.status in (200, 201, 202), answer.body


async def quiet(client: Client) -> list[Any]:
    """What does not agree once nothing moves any more."""
    deadline = asyncio.get_running_loop().time() + REST
    before = None
    while True:
        told = (await client.get(OPERATOR, "/reconciliation")).json() or {}
        now = (told.get("compared"), told.get("lag"))
        if told.get("ok") and now == before or asyncio.get_running_loop().time() > deadline:
            return told.get("differences", ["no answer"])
        before = now
        await asyncio.sleep(1)


async def erase(client: Client, record: str) -> None:
    word = {"id": f"e-{record}", "version": 1, "judgement": "erase", "records": [record], "reason": "test"}
    await post(client, "POST", "/judgements", word, OPERATOR)


def medical(feeds: Feeds) -> set[str | None]:
    """The authorisations that nothing but documents goes by: of no such paper may the law be the basis too."""
    used = [
        (basis["authorisation"], paper["kind"])
        for events in feeds.values()
        for event in events
        for paper in event["data"].get("papers", ())
        for basis in paper["basis"]
        if "authorisation" in basis
    ]
    return {one for one, _ in used} - {one for one, kind in used if kind != "document"}


async def take_away(client: Client, early: list[Sent], late: list[Sent]) -> Taken:
    """Erases a document that was there at the backup and one that was not, withdraws, suspends."""
    feeds = await feeds_of(client)
    shown, erased = papers_in(feeds), {}
    for sent in (early, late):
        documents = [
            one for one in sent if one.item.path == "/fhir/Bundle" and one.outcome == "accepted" and one.record
        ]
        for one in documents:
            (truth,) = one.item.truths
            if truth.sha256 in shown:
                erased[str(one.record)] = truth.sha256
                await erase(client, str(one.record))
                break
    withdrawn = min(medical(feeds) & {one.record for one in early})
    traced = (await client.get(OPERATOR, f"/trace/{withdrawn}")).json()
    await post(client, "DELETE", f"/authorisations/{withdrawn}", None, traced["record"]["sender"])
    suspended = max(feeds, key=lambda insurer: len(feeds[insurer]))
    standing = (await client.get(OPERATOR, f"/participants/{suspended}")).json()
    change = {name: standing[name] for name in ("name", "roles", "keys", "endpoints")} | {"status": "suspended"}
    await post(client, "PUT", f"/participants/{suspended}", change, OPERATOR)
    assert not await quiet(client)
    return Taken(await feeds_of(client, suspended), erased, withdrawn, suspended)


async def check(client: Client, taken: Taken) -> Feeds:
    """After the restore: nothing of it is back."""
    feeds = await feeds_of(client, taken.suspended)
    check_numbers(taken.feeds, feeds)
    assert not set(taken.erased.values()) & papers_in(feeds)
    assert taken.withdrawn not in bases_in(feeds)
    refused = await client.get(taken.suspended, f"/insurers/{taken.suspended}/offers")
    assert refused.status == 403
    for record in taken.erased:
        traced = (await client.get(OPERATOR, f"/trace/{record}")).json()
        assert traced["record"]["erased"]
        sender = traced["record"]["sender"]
        assert (await client.get(sender, f"/fhir/Bundle/{record}")).status in (404, 410)
    return feeds


def test_the_embedded_form_goes_on_after_its_store_was_lost(tmp_path: Path) -> None:
    asyncio.run(_embedded(Process(tmp_path / "data"), tmp_path))


async def _embedded(own: Process, folder: Path) -> None:
    where = ("--data", own.data)
    await own.start()
    async with Client(setup.read(own.data / "sandbox.json"), PATIENCE) as client:
        early = await play(client, world(1))
        during, _ = await asyncio.gather(play(client, world(2)), claims("backup", "--out", folder / "store", *where))
        late = await play(client, world(3))
        taken = await take_away(client, early, late)
    await own.stop()
    for path in own.data.glob("claims.sqlite*"):
        path.unlink()
    shutil.rmtree(own.data / "blobs")
    said = await claims("restore", folder / "store", *where)
    assert "Erased again: 2" in said and "Withdrawn again: 0" not in said, said  # and what the scenario withdraws
    await own.start()
    async with Client(setup.read(own.data / "sandbox.json"), PATIENCE) as client:
        before = await check(client, taken)
        lost = next(one for one in late if one.item.path == "/fhir/Bundle" and str(one.record) not in taken.erased)
        assert not await client.verdict(lost.item.sender, str(lost.record))
        again = [*await play(client, world(2)), *await play(client, world(3))]
        for was, now in zip([*during, *late], again, strict=True):
            if "review" not in was.item.file:  # one of what is withdrawn by now is refused
                assert now.record == was.record and alike(now.outcome, was.outcome), (was, now)
        assert not await quiet(client)
        after = await check(client, taken)
        check_numbers(before, after)
        assert any(len(after[insurer]) > len(taken.feeds[insurer]) for insurer in after)
    await own.stop()


def test_the_distributed_form_goes_on_and_its_log_brings_what_came_since(server: Server, tmp_path: Path) -> None:
    with services(server, tmp_path, seed=5) as own:
        asyncio.run(_distributed(own, tmp_path, own._environment))


async def _distributed(own: Killable, folder: Path, environment: Mapping[str, str]) -> None:
    places = {name: environment[name] for name in ("CLAIMS_KAFKA", "CLAIMS_DATABASE", "CLAIMS_KEYS")}
    where = ("--data", own.data)
    await own.start()
    async with Client(setup.read(own.data / "sandbox.json"), PATIENCE) as client:
        early = await play(client, world(1))
        during, _ = await asyncio.gather(
            play(client, world(2)), claims("backup", "--out", folder / "store", *where, environment=places)
        )
        late = await play(client, world(3))
        taken = await take_away(client, early, late)
    await own.stop()
    with psycopg.connect(places["CLAIMS_DATABASE"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    said = await claims("restore", folder / "store", *where, environment=places)
    assert "The log brings" in said and "Withdrawn again: 0" not in said, said
    own._running.clear()
    await own.start()
    async with Client(setup.read(own.data / "sandbox.json"), PATIENCE) as client:
        assert not await quiet(client)  # every record of the log has its verdict again
        after = await check(client, taken)
        for was in [*early, *during, *late]:
            if was.record and was.record not in taken.erased:
                told = await client.verdict(was.item.sender, was.record)
                assert alike(told["verdict"], was.outcome) or "review" in was.item.file, (was, told)
        assert any(len(after[insurer]) > len(taken.feeds[insurer]) for insurer in after)
    await own.stop()
