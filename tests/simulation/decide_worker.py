"""A worker process of every decide step: `python -m tests.simulation.decide_worker ADDRESS SPACE STORE KEYS FOLDER`.

Says `runs` once each of them reads; ends in order at SIGTERM.
"""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from adapters.streams.kafka import Broker
from services.commands.logs import log_as_json
from services.distributed import Node, Places, decide
from services.hub.register import register
from services.sandbox.participants import policies


async def work(node: Node) -> None:
    stopping, reading = asyncio.Event(), set[str]()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    def ready(name: str) -> None:
        reading.add(name)
        if len(reading) == len(node.handlers):
            print("runs", flush=True)

    async with asyncio.TaskGroup() as tasks:
        for handler in node.handlers:
            tasks.create_task(decide(node, handler.name, stopping, partial(ready, handler.name)))


def main(address: str, space: str, store: str, keys: str, folder: str) -> None:
    log_as_json()
    places = Places(store, keys, keys, Path(folder))
    asyncio.run(work(Node(Broker(address, space), places, register(policies()), sandbox=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
