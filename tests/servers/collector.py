"""A collector of traces on loopback: takes OTLP over HTTP as OpenTelemetry's do, and keeps every byte that came."""

import gzip
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATIENCE = 30.0


@dataclass(frozen=True)
class Span:
    """`begun`, `ended`: nanoseconds since 1970. `parent` is empty of a root, `link` the trace that led to this one."""

    service: str
    trace: str
    id: str
    parent: str
    name: str
    begun: int
    ended: int
    failed: str
    link: str
    told: dict[str, object]


class Collector:
    """`silent`: it takes connections and never answers."""

    def __init__(self, silent: bool = False) -> None:
        self.received: list[bytes] = []
        self._spans: list[Span] = []
        self._news = threading.Condition()
        self._ended = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                if silent:
                    collector._ended.wait()
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                assert self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
                collector._take(body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing: a test's output is its own."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def traces(self) -> dict[str, list[Span]]:
        """What came, by trace, in the order of the beginnings."""
        found: dict[str, list[Span]] = defaultdict(list)
        with self._news:
            for span in sorted(self._spans, key=lambda one: one.begun):
                found[span.trace].append(span)
        return found

    def until(self, there: Callable[[dict[str, list[Span]]], object]) -> dict[str, list[Span]]:
        """The traces once they are as wished."""
        with self._news:
            assert self._news.wait_for(lambda: there(self.traces()), PATIENCE), _told(self.traces())
        return self.traces()

    def close(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, body: bytes) -> None:
        spans = [
            Span(
                service=_values(resource.resource.attributes)["service.name"],  # type: ignore[arg-type]
                trace=one.trace_id.hex(),
                id=one.span_id.hex(),
                parent=one.parent_span_id.hex(),
                name=one.name,
                begun=one.start_time_unix_nano,
                ended=one.end_time_unix_nano,
                failed=one.status.message,
                link=one.links[0].trace_id.hex() if one.links else "",
                told=_values(one.attributes),
            )
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        ]
        with self._news:
            self.received.append(body)
            self._spans += spans
            self._news.notify_all()


def _values(attributes) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """Attributes as Python's values; of a list its whole numbers."""
    return {
        one.key: [item.int_value for item in one.value.array_value.values]
        if one.value.HasField("array_value")
        else getattr(one.value, one.value.WhichOneof("value"))
        for one in attributes
    }


def _told(traces: dict[str, list[Span]]) -> str:
    return "\n".join(f"{trace}: {[(span.service, span.name) for span in spans]}" for trace, spans in traces.items())


@contextmanager
def collector(silent: bool = False) -> Iterator[Collector]:
    own = Collector(silent)
    try:
        yield own
    finally:
        own.close()
