"""OpenTelemetry's SDK: spans through its sampler and its bounded queue to a collector, by OTLP over HTTP.

They leave on a thread of the SDK's. A collector that is slow, away or refuses costs spans, never a record.
"""

import logging
import threading
from collections.abc import Sequence
from contextvars import ContextVar

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from prometheus_client import Counter

from adapters.telemetry.spans import Attributes
from schemas.ids import root_span_id, trace_id

STOP_SECONDS = 0.5  # an end waits no longer for the collector: a service has ten seconds for all of it

SPANS = Counter("claims_spans", "Spans of traces by what became of them.", ("state",))
logger = structlog.get_logger()
_root: ContextVar[str] = ContextVar("root", default="")  # the record whose trace begins


class _Ids(RandomIdGenerator):
    """A trace and its root have the ids that the record gives; every other span a random one."""

    def generate_trace_id(self) -> int:
        return int(trace_id(_root.get()), 16)

    def generate_span_id(self) -> int:
        return int(root_span_id(record), 16) if (record := _root.get()) else super().generate_span_id()


class _Exporter(OTLPSpanExporter):
    """Counts what the collector took and what it did not, and says so when that changes."""

    _takes = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        takes = result is SpanExportResult.SUCCESS
        SPANS.labels("sent" if takes else "lost").inc(len(spans))
        if takes != self._takes:
            self._takes = takes
            logger.warning(
                "the collector takes spans again" if takes else "the collector takes no spans: they are lost"
            )
        return result


class Emitter:
    def __init__(self, service: str) -> None:
        """ValueError when a variable of OpenTelemetry's cannot be used."""
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: service}), id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter()))
        self._tracer = self._provider.get_tracer("claims")
        for state in ("made", "sent", "lost"):
            SPANS.labels(state)
        # What it would say of every batch from now on is counted, and said once, by the exporter above.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def emit(
        self,
        name: str,
        record: str,
        begun: int,
        attributes: Attributes,
        failed: str = "",
        root: bool = False,
        cause: str | None = None,
    ) -> None:
        """One span, from `begun` until now. `cause`: the record whose trace led to this one's."""
        trace = int(trace_id(record), 16)
        # By the trace alone, in every process alike: a record's spans are taken all or none.
        if not self._provider.sampler.should_sample(None, trace, name).decision.is_sampled():
            return
        context = Context() if root else set_span_in_context(NonRecordingSpan(_of(record)), Context())
        token = _root.set(record if root else "")
        span = self._tracer.start_span(
            name,
            context,
            SpanKind.SERVER if name == "door" else SpanKind.INTERNAL,
            {**attributes, "claims.record": record},
            [Link(_of(cause))] if cause else None,
            begun,
        )
        _root.reset(token)
        if failed:
            span.set_status(Status(StatusCode.ERROR, failed))
        span.end()
        SPANS.labels("made").inc()

    def stop(self) -> None:
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)


def _of(record: str) -> SpanContext:
    """The root of a record's trace, as another process sees it."""
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace_id(record), 16), int(root_span_id(record), 16), is_remote=True, trace_flags=sampled)
