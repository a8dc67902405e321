"""A purge that ends with -9: `python -m tests.integration.purging N NOW FOLDER [ADDRESS STORE KEYS]`.

Runs the clock's work at NOW to its end, and what the steps make of it, but kills itself before the Nth thing that it makes
durable: a statement or commit on the keys, a commit of the store, a file removed, a message published. Says `done` at the end.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from adapters.streams import kafka, kafka_source
from adapters.vault.blobs import Blobs
from adapters.vault.key_database import KeyDatabase
from adapters.vault.key_file import KeyFile
from services import due
from tests.integration.canary_systems import Distributed, Embedded, Shared, System


class Killing:
    def __init__(self, last: int) -> None:
        self._left = last

    def step(self, *_: object) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, where: type, name: str) -> None:
        """A call of this method is something durable: before it, and after it."""
        real: Callable[..., Any] = getattr(where, name)

        def counted(*given: Any) -> Any:
            self.step()
            result = real(*given)
            self.step()
            return result

        setattr(where, name, counted)


def main(last: str, now: str, folder: str, *shared: str) -> None:
    due.CLOCK_SECONDS = kafka_source.LOOK_SECONDS = 0.3
    kafka.SESSION_MS = 1_000  # a member that was killed is missed soon
    system: System = Distributed(Shared(*shared), Path(folder)) if shared else Embedded(Path(folder))
    system.now = datetime.fromisoformat(now)
    killing = Killing(int(last))
    event.listen(Engine, "commit", killing.step)
    for where, name in ((Blobs, "delete"), (KeyDatabase, "remove"), (kafka.Publisher, "publish")):
        killing.around(where, name)
    if isinstance(system.keys._wrapped, KeyFile):
        system.keys._wrapped._database.set_trace_callback(killing.step)
    if isinstance(system, Distributed):
        system.start("clock", "hub", "sequencer")
    system.tick()
    print("done", flush=True)
    system.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
