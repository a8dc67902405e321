"""A worker process for the fault tests: `python -m tests.integration.kafka_worker FORM ADDRESS SPACE URL FOLDER`.

`decide` writes messages down in the ledger; `transform` passes them on; `breaking` is a transform that cannot go on at one
of them, `swelling` one whose outputs of that one no topic takes. Says `runs` once it reads; ends in order at SIGTERM.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from adapters.streams import kafka_decide, kafka_transform
from adapters.streams.kafka import Broker, Taken, publishing
from schemas.events import Message
from schemas.ids import derive
from schemas.topics import DUE, OFFERS
from services.commands.logs import log_as_json
from tests.contract.hosts import NOW, Kafka, KafkaPlace, Ledger

BREAKS_AT = derive("in", 40)


class Passing:
    name = "passing"
    sources = (DUE.name,)


async def passed(message: Message) -> list[Message]:
    return [Message(OFFERS.name, message.key, derive(message.id, "out"), message.event)]


async def broken(message: Message) -> list[Message]:
    if message.id == BREAKS_AT:
        raise RuntimeError
    return await passed(message)


async def swollen(message: Message) -> list[Message]:
    outputs = await passed(message)
    if message.id != BREAKS_AT:
        return outputs
    return [*outputs, Message(OFFERS.name, message.key, derive(message.id, "more"), message.event, bytes(17 << 20))]


def failed(message: Message, reason: str) -> Message:
    return Message(OFFERS.name, message.key, derive(message.id, reason), message.event)


TRANSFORMS = {"transform": passed, "breaking": broken, "swelling": swollen}


async def work(form: str, host: Kafka) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    def ready() -> None:
        print("runs", flush=True)

    async with publishing(host.place.broker) as publisher:
        if form == "decide":
            await host.host.run(Ledger(), publisher, stopping, ready)
            return

        def unreadable(record: Taken, error: Exception) -> None:
            kafka_decide.unreadable(host.database, host.archive, Passing.name, record, error, NOW)

        transform = kafka_transform.Host(
            host.place.broker, host.sealer, lambda: NOW, Passing(), TRANSFORMS[form], failed, unreadable
        )
        try:
            await transform.run(publisher, stopping, ready)
        except kafka_transform.Broken:
            os._exit(1)  # as `claims run` does: nothing more is acknowledged


def main(form: str, address: str, space: str, url: str, folder: str) -> None:
    host = Kafka(KafkaPlace(Broker(address, space), url, Path(folder)))
    log_as_json()
    asyncio.run(work(form, host))


if __name__ == "__main__":
    main(*sys.argv[1:])
