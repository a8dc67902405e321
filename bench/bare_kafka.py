"""The peer on Kafka and PostgreSQL: a raw ASGI door puts the bytes on a topic and answers, a consumer inserts them in batches.

`python -m bench.bare_kafka door PORT`, `python -m bench.bare_kafka store`; brokers in CLAIMS_KAFKA, database in CLAIMS_DATABASE.
"""

import asyncio
import contextlib
import hashlib
import os
import sys

import psycopg
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from adapters.streams.kafka import LINGER_MS

TOPIC = "bare"
FETCH_BYTES, FETCH_MS = 64 << 10, 30  # a fetch waits so long for so much: else each record is a request of its own
BATCH = 500  # the interchange's steps take 64 at once: the peer has fewer transactions
PARTITION_BYTES = 32 << 20  # of one fetch: room for a batch of documents, which the default of 1 MiB has not
TABLE = "CREATE TABLE IF NOT EXISTS bare (sha256 text PRIMARY KEY, body bytea NOT NULL)"


class Door:
    """Answers once the brokers have the bytes."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._producer: AIOKafkaProducer | None = None

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            return
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._brokers, acks="all", max_batch_size=1 << 20, linger_ms=LINGER_MS
            )
            await self._producer.start()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await self._producer.send_and_wait(TOPIC, body, key=hashlib.sha256(body).hexdigest().encode())
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


async def store(brokers: str, database: str) -> None:
    """A batch, one transaction; the offsets after it."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=brokers,
        group_id="bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_min_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_MS,
    )
    await consumer.start()
    with psycopg.connect(database) as connection:
        while True:
            found = await consumer.getmany(timeout_ms=250, max_records=BATCH)
            rows = [(one.key.decode(), one.value) for taken in found.values() for one in taken]
            if rows:
                await asyncio.to_thread(_insert, connection, rows)
                await consumer.commit()


def _insert(connection: "psycopg.Connection[tuple[str, bytes]]", rows: list[tuple[str, bytes]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bare VALUES (%s, %s) ON CONFLICT DO NOTHING", rows)


if __name__ == "__main__":
    if sys.argv[1] == "door":
        uvicorn.run(
            Door(os.environ["CLAIMS_KAFKA"]), host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools",
            log_level="error", access_log=False,
        )  # fmt: skip
    else:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(store(os.environ["CLAIMS_KAFKA"], os.environ["CLAIMS_DATABASE"]))
