"""The distributed form: the demo on a real broker and database, and every service killed at random under load."""

import asyncio
import subprocess
import sys
from pathlib import Path

from services.pipeline import VALIDATION
from services.sandbox import setup
from services.sandbox.client import Client, Post
from services.sandbox.filings import pdf
from tests.command import claims
from tests.end_to_end.ordeal import ordeal
from tests.end_to_end.services import Services, services
from tests.integration import bodies
from tests.servers.postgres import Server

KILLS = 20
ROOT = Path(__file__).parents[2]


def test_the_demo_ends_with_zeros(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.servers", sys.executable, "-m", "services", "demo"]
    done = subprocess.run(
        [*command, "--once", "--seed", "5", "--cases", "10", "--data", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost 0   doubled 0   leaked 0" in done.stdout
    assert "Reconciliation receipts, verdicts, store and feeds agree" in done.stdout
    assert (tmp_path / "demo/log.jsonl").read_text().count("the unit's door is registered") == 2  # the sandbox's own


def test_none_is_drawn_again_before_all_were(tmp_path: Path) -> None:
    """Whatever the seed: by chance alone every second round of twenty leaves a service out."""
    for seed in range(20):
        own = Services(tmp_path, {}, seed, replicas=2)
        assert {own._draw() for _ in own.names} == set(own.names) == {own._draw() for _ in own.names}


def test_every_service_killed_at_random_leaves_zeros(server: Server, tmp_path: Path) -> None:
    with services(server, tmp_path, seed=3) as own:
        counted = asyncio.run(ordeal(own, KILLS, seed=3))
    assert counted.clean, str(counted)
    assert counted.kills == KILLS
    assert own.killed == set(own.names)
    assert counted.records > 100


def test_senders_that_wait_hear_their_verdict_large_files_by_reference_and_through_rebalances(
    server: Server, tmp_path: Path
) -> None:
    """One system for both: workers are killed and restarted while small papers wait, then a large one comes twice."""
    file = pdf("scan" + "." * 3_000_000)
    patience = {"Prefer": "wait=30"}

    async def sends(own: Services) -> None:
        await own.start()
        async with Client(setup.read(own.data / "sandbox.json")) as client:
            await through_rebalances(own, client)
            described = bodies.metadata(issuer=bodies.HOSPITAL)
            post = Post(bodies.HOSPITAL, "POST", "/papers", file, "application/pdf", described, headers=patience)
            first, again = await client.send(post), await client.send(post)
        await own.stop()
        assert (first.status, again.status) == (201, 200), first.body
        assert first.record == again.record and first.receipt == again.receipt
        assert first.record in [path.name for path in (own.data / "blobs").iterdir()]

    async def through_rebalances(own: Services, client: Client) -> None:
        """Workers go in order and without a word, and come again, while senders wait: none is told to ask later."""
        steps = (VALIDATION.name, 0), ("deduplication", 0)
        asked = [asyncio.create_task(client.send(small(patience))) for _ in range(4)]
        for step in steps:
            await own.restart(step)
            asked += [asyncio.create_task(client.send(small(patience))) for _ in range(4)]
        for step in steps:
            await own.kill(step)
        asked += [asyncio.create_task(client.send(small(patience))) for _ in range(4)]
        await own.start()
        answers = await asyncio.gather(*asked)
        assert [one.status for one in answers] == [201] * len(answers), [one.body for one in answers]

    with services(server, tmp_path, seed=1) as own:
        asyncio.run(sends(own))


def small(headers: dict[str, str]) -> Post:
    described = bodies.metadata(issuer=bodies.HOSPITAL)
    file = pdf(f"note {bodies.fresh()}")
    return Post(bodies.HOSPITAL, "POST", "/papers", file, "application/pdf", described, headers=headers)


def test_a_service_says_what_it_lacks() -> None:
    for words, told in (
        (["run", "hub"], "authentication"),
        (["run", "hub", "--sandbox"], "--kafka"),
        (["run", "hub", "--sandbox", "--kafka", "nowhere://", "--database", "x", "--keys", "y"], "host:port"),
        (["run", "postman"], "postman"),
        (["up", "--sandbox", "--kafka", "127.0.0.1:9092"], "--database"),
    ):
        done = claims(*words)
        assert done.returncode in (1, 2) and told in done.stderr, done.stderr
