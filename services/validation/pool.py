"""Validation's worker processes, as whoever serves or validates starts them."""

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor

from services.validation import worker

WORKERS = 2


def make() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"), initializer=worker.begin)


async def start(pool: ProcessPoolExecutor) -> None:
    """They load the tables now, not at the first record. Ctrl-C in a terminal reaches every process of it: they are born
    deaf to it, so that the parent alone answers and lets them finish."""
    loop = asyncio.get_running_loop()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # The pool starts a worker for each job that finds none idle.
        born = [loop.run_in_executor(pool, os.getpid) for _ in range(WORKERS)]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    await asyncio.gather(*born)
