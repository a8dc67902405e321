"""Traces: a record is found at a real collector by its id alone, in both forms; none of them costs a record anything."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from bench.servers import free_port
from schemas.ids import root_span_id, trace_id
from services.commands.run import SERVICES
from services.sandbox import participants as sandbox_participants
from services.sandbox import setup
from services.sandbox.client import Answer, Client, Post, judged
from tests.end_to_end.ordeal import Process
from tests.end_to_end.services import STOP_SECONDS, Services, services
from tests.integration.test_doors_accidents import few
from tests.servers.collector import Collector, Span, collector
from tests.servers.postgres import Server

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"
DOCUMENT, AUTHORISATION, APPLICATION = (
    (EXAMPLES / f"{name}.json").read_bytes() for name in ("document", "authorisation", "application")
)
HOSPITAL, CLAIMLINK, OPERATOR, INSURER, POLICE = "1537990035", "CL01", "operator-1", "37643310", "387130000C"
FHIR, JSON = "application/fhir+json", "application/json"
WHY = "signature checked"
# Names, identifiers, plates, numbers of papers, words of a document and of what is sent beside it.
CANARIES = (
    "N298338217", "N298338218", "童若毓", "祝思澄", "BDDBE00011", "5654175", "0900710334", "曜谷", "肺炎", "1976-02-07",
    "B223456782", "陳以恩", "MNP-5678", "A114090342", "AB1140000123", "0912-345-678", "測試市", "form-G", WHY,
)  # fmt: skip


async def post(client: Client, sender: str, path: str, body: bytes, kind: str = JSON, method: str = "POST") -> Answer:
    return await judged(client, Post(sender, method, path, body, kind))


async def offered(client: Client) -> dict[str, str]:
    """The example document goes in, its patient authorises her insurer, which fetches offer and paper; the records."""
    document = await post(client, HOSPITAL, "/fhir/Bundle", DOCUMENT, FHIR)
    granted = await post(client, CLAIMLINK, "/authorisations", AUTHORISATION)
    said = json.dumps({"decision": "approve", "reason": WHY}).encode()
    review = await post(client, OPERATOR, f"/authorisations/{granted.record}/review", said)
    assert {document.status, granted.status, review.status} == {201}
    page = (await client.get(INSURER, f"/insurers/{INSURER}/offers", wait=30)).json()
    assert [one["offernumber"] for one in page["events"]] == [1]
    (paper,) = page["events"][0]["data"]["papers"]
    assert (await client.get(INSURER, f"/insurers/{INSURER}/papers/{paper['sha256']}")).body == DOCUMENT
    return {"document": document.record or "", "authorisation": granted.record or "", "review": review.record or ""}


async def others(client: Client) -> tuple[str, str]:
    """A document with faults, an application, a file of accidents; the application's record, and the file's."""
    bad = DOCUMENT.replace(b"N298338217", b"N298338218")
    assert (await post(client, HOSPITAL, "/fhir/Bundle", bad, FHIR)).status == 422
    application = await post(client, CLAIMLINK, "/claimlink/applications", APPLICATION)
    file = await post(client, POLICE, "/police/accidents", few(2), "text/csv")
    assert (application.status, file.status) == (201, 200)
    return application.record or "", file.record or ""


def names(spans: list[Span]) -> list[str]:
    return [span.name for span in spans]


def of_participants(traces: dict[str, list[Span]]) -> set[str]:
    return {id for id, spans in traces.items() if any(one.told.get("claims.kind") == "participant" for one in spans)}


def hold(traces: dict[str, list[Span]], records: dict[str, str]) -> None:
    """What is promised of the traces of `offered`."""
    spans = traces[trace_id(records["document"])]
    root, rest = spans[0], spans[1:]
    assert (root.name, root.id, root.parent) == ("door", root_span_id(records["document"]), "")
    assert {span.parent for span in rest} == {root.id}
    assert all(span.begun <= span.ended and root.begun <= span.begun for span in spans)
    assert len({span.id for trace in traces.values() for span in trace}) == sum(map(len, traces.values()))
    first = {name: next(span for span in spans if span.name == name) for name in dict.fromkeys(names(spans))}
    assert list(first) == ["door", "validation", "deduplication", "hub", "sequencer", "hand-over"]
    assert root.ended >= first["deduplication"].begun, "the door's answer is the verdict"
    assert root.told == {
        "claims.record": records["document"],
        "claims.kind": "document",
        "claims.sender": HOSPITAL,
        "claims.size": len(DOCUMENT),
        "claims.attempt": 1,
        "claims.outcome": "accepted",
    }
    assert first["deduplication"].told["claims.outcome"] == "accepted"
    for span in (first["sequencer"], *(span for span in spans if span.name == "hand-over")):
        assert (span.told["claims.insurer"], span.told["claims.offernumber"]) == (INSURER, 1)
    assert {span.told["claims.handed"] for span in spans if span.name == "hand-over"} == {"offer", "paper"}
    granted = traces[trace_id(records["authorisation"])]
    assert {"door", "validation", "deduplication", "consent", "hub", "sequencer", "hand-over"} == set(names(granted))
    assert records["review"] in {span.told.get("claims.by") for span in granted if span.name == "consent"}
    reviewed = dict.fromkeys(names(traces[trace_id(records["review"])]))
    assert list(reviewed) == ["door", "validation", "consent", "hub"]


def hold_nothing_personal(own: Collector, data: Path) -> None:
    received = b"".join(own.received)
    tokens = [one.token for one in setup.read(data / "sandbox.json").bearers.values()]
    assert not [one for one in (*CANARIES, *tokens) if one.encode() in received]
    assert b"claims.kind" in received


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Processes that a test starts send their spans at once."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    return monkeypatch


async def over(process: Process, work: Callable[[Client], Awaitable[object]]) -> None:
    """Runs `work` with a client of `claims up`, and ends it in time."""
    await process.start()
    try:
        async with Client(setup.read(process.data / "sandbox.json")) as client:
            await work(client)
    finally:
        await asyncio.wait_for(process.stop(), STOP_SECONDS)


def test_a_record_is_one_trace_from_the_door_to_the_offer(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        records = await offered(client)
        traces = own.until(
            lambda all: (
                names(all[trace_id(records["document"])]).count("hand-over") == 2
                and len(of_participants(all)) == len(sandbox_participants.POLICE)
            )
        )
        # The sandbox's police units have registered their doors.
        assert traces.keys() - of_participants(traces) == {trace_id(record) for record in records.values()}
        assert {span.service for spans in traces.values() for span in spans} == {"claims"}
        hold(traces, records)
        told = (await client.get(OPERATOR, f"/trace/{records['document']}")).json()
        assert told["record"]["trace"] == trace_id(records["document"])

        application, file = await others(client)
        children = [one["record"] for one in (await client.get(POLICE, "/records", parent=file)).json()["records"]]
        traces = own.until(lambda all: all.keys() >= {trace_id(one) for one in (application, *children)})
        for child in children:  # it came through no door: where it was judged its trace begins
            root = traces[trace_id(child)][0]
            assert (root.name, root.id, root.parent) == ("deduplication", root_span_id(child), "")
            assert root.link == trace_id(file)
        assert children

        assert (await post(client, HOSPITAL, "/fhir/Bundle", DOCUMENT, FHIR)).status == 200
        again = own.until(lambda all: names(all[trace_id(records["document"])]).count("door") == 2)
        assert [span.parent for span in again[trace_id(records["document"])]].count("") == 1, "one root alone"

        taken = await post(client, CLAIMLINK, f"/authorisations/{records['authorisation']}", b"", method="DELETE")
        assert taken.status == 200
        spans = own.until(lambda all: names(all[trace_id(records["document"])]).count("sequencer") == 2)
        last = [span for span in spans[trace_id(records["document"])] if span.name == "sequencer"][-1]
        assert (last.told["claims.offernumber"], last.told["claims.withdraws"]) == (2, [1])

    with collector() as own:
        quick.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url)
        asyncio.run(over(Process(tmp_path / "data"), work))
        hold_nothing_personal(own, tmp_path / "data")


def test_each_service_adds_its_part(quick: pytest.MonkeyPatch, server: Server, tmp_path: Path) -> None:
    async def work(running: Services) -> None:
        await running.start()
        async with Client(setup.read(running.data / "sandbox.json")) as client:
            records = await offered(client)
            key = {"kty": "OKP", "crv": "X25519", "kid": "k1", "x": OKPKey.generate_key("X25519").as_dict()["x"]}
            insurer = {"name": "晨汐人壽", "roles": ["insurer"], "status": "admitted", "keys": [key]}
            changed = json.dumps(insurer).encode()
            registered = await post(client, OPERATOR, f"/participants/{INSURER}", changed, method="PUT")
            assert registered.status in (200, 201), registered.body
        traces = own.until(lambda all: names(all[trace_id(records["document"])]).count("hand-over") == 3)
        hold(traces, records)
        spans = traces[trace_id(records["document"])]
        by = {span.name: span.service for span in spans if span.name != "hand-over"}
        assert by == {"door": "claims-doors"} | {name: f"claims-{name}" for name in by if name != "door"}
        assert {"claims-doors", "claims-publisher"} == {span.service for span in spans if span.name == "hand-over"}
        assert {span.service for one in traces.values() for span in one} <= {f"claims-{name}" for name in SERVICES}
        await running.stop()

    with collector() as own, services(server, tmp_path, seed=7) as running:
        quick.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{own.url}/v1/traces")
        running._environment |= {name: os.environ[name] for name in os.environ if name.startswith("OTEL_")}
        asyncio.run(work(running))
        hold_nothing_personal(own, running.data)


@pytest.mark.parametrize("how", ["away", "silent"])
def test_a_collector_that_takes_nothing_costs_no_record(how: str, quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Far more spans than the queue holds; every answer in its time, an end in its time, what became of the spans is counted."""

    async def work(client: Client) -> None:
        await offered(client)
        begun = time.monotonic()
        posts = [post(client, HOSPITAL, "/fhir/Bundle", DOCUMENT, FHIR) for _ in range(50)]
        assert {answer.status for answer in await asyncio.gather(*posts)} == {200}
        assert time.monotonic() - begun < 5
        deadline = time.monotonic() + 30
        while not (told := counted((await client.get(OPERATOR, "/metrics")).body.decode()))["lost"]:
            assert time.monotonic() < deadline
        assert told["sent"] == 0 and told["made"] > 50

    with collector(silent=True) as own:
        quick.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url if how == "silent" else f"http://127.0.0.1:{free_port()}")
        quick.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        quick.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "16")
        quick.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
        asyncio.run(over(Process(tmp_path / "data"), work))
    log = (tmp_path / "claims.log").read_text()
    assert log.count("the collector takes no spans") == 1 and "from a library" not in log


def test_an_end_does_not_wait_for_a_silent_collector(quick: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, time; from adapters.telemetry import spans\n"
        "spans.start('claims'); spans.emit('step', ['0' * 32], spans.now(), {})\n"
        "begun = time.monotonic(); spans.stop(); sys.exit(time.monotonic() - begun > 5)"
    )
    with collector(silent=True) as own:
        quick.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url)  # it is given ten seconds to answer
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_what_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")  # less than a batch
    command = [sys.executable, "-m", "services", "up", "--sandbox", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "OTEL_" in done.stderr and "max_queue_size" in done.stderr


def counted(exposition: str) -> dict[str, float]:
    return {
        state: float(count) for state, count in re.findall(r'claims_spans_total\{state="(\w+)"\} (\S+)', exposition)
    }


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys; import services.embedded, services.distributed, services.doors, services.commands.up\n"
        "from adapters.telemetry import spans\n"
        "spans.start('claims'); spans.emit('step', ['0' * 32], spans.now(), {}); spans.stop()\n"
        "sys.exit(spans.on() or any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = ""  # as compose.yaml may give it
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode == 0


def test_a_sampler_takes_a_trace_whole_or_not_at_all(quick: pytest.MonkeyPatch) -> None:
    """Two processes that know nothing of each other judge alike."""
    code = (
        "import sys; from adapters.telemetry import spans\n"
        "spans.start(sys.argv[1])\n"
        "for number in range(64): spans.emit('step', [f'{number:032x}'], spans.now(), {})\n"
        "spans.stop()"
    )
    with collector() as own:
        quick.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url)
        quick.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
        for sampler in ("parentbased_traceidratio", "traceidratio"):
            quick.setenv("OTEL_TRACES_SAMPLER", sampler)
            subprocess.run([sys.executable, "-c", code, sampler], cwd=ROOT, check=True)
        traces = own.traces()
    assert 10 < len(traces) < 54
    assert {len(spans) for spans in traces.values()} == {2}
