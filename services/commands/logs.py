"""The log of a running system: JSON lines on standard error, ids and codes only."""

import logging
import sys

import orjson
import structlog

QUIET = ("uvicorn.access", "alembic", "asyncio")  # chatter below warnings


class _Bridge(logging.Handler):
    """Passes on what libraries log, without their texts: a traceback or a message may quote what a sender wrote."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        told = {"logger": record.name, **({"error": error} if error else {})}
        where = f"{record.module}:{record.lineno}"
        structlog.get_logger().log(record.levelno, "from a library", where=where, **told)


def log_as_json() -> None:
    """Called once, by the process that serves."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
