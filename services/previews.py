"""Runs the maker of previews: a process for each, bounded by itself in memory and by us in time."""

import asyncio
import contextlib
import sys

from adapters.forms.scan import media_type
from services.intake.refusal import Refusal

SECONDS = 20.0  # the maker allows itself ten of computing
AT_ONCE = 2  # each may take a gigabyte


class Previews:
    """Make it inside the event loop."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def of(self, file: bytes) -> tuple[bytes, str]:
        """The rendition and its media type; Refusal 422 where the file shows nothing that can be drawn."""
        kind = media_type(file)
        if kind is None:
            raise Refusal(422, "no-preview", "This is no scan. Fetch the paper itself.")
        async with self._free:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "adapters.forms.preview",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={},  # what stands in ours, a password of the database perhaps, is none of its business
            )  # fmt: skip
            try:
                async with asyncio.timeout(SECONDS):
                    made, _ = await process.communicate(file)
            except TimeoutError:
                made = b""
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode or not made:
            raise Refusal(
                422,
                "no-preview",
                "No preview can be made: the file is encrypted, damaged, too large when opened, or holds what cannot be"
                " cleaned. Fetch the paper itself.",
            )
        return made, kind
