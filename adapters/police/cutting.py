"""A police file in pieces of whole accidents, however long it is. Pure.

The lines are walked twice: once to learn how the file ends and which accidents stand in it in several places, once to cut;
between the two a third time if a line does not tell day, time and place, for the accidents that it may be of go with it. So a
piece, read alone, says of each of its lines what the whole file would. Of an accident only a hash is remembered, and lines
only while they wait for others of their accident.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from adapters.police import internal, open_data, taichung, taipei
from adapters.police.strays import Naming, Strays

PIECE_BYTES = 500_000  # some 800 rows: bytes that travel inside their event, and enough to share what a post costs
FOOTER = ()  # what a line tells of its accident that is of all of them

Front = Callable[[bytes], Naming | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some accidents of a file, as a file of their own; `numbers` of its lines in the whole file, in their order."""

    data: bytes
    numbers: Sequence[int]
    rows: int


class Cut:
    """What walking over the lines of a file has found. `known`: whether its header is of any layout; `rows`: lines of parties.

    `lines` gives the lines from the first one on, each time that it is called.
    """

    def __init__(self, lines: Callable[[], Iterable[bytes]]) -> None:
        self._lines = lines
        self.rows = self._size = self._count = 0
        self.header = b""
        self._footers: list[tuple[int, bytes]] = []
        self._front: Front | None = None
        runs, last = array("q"), None
        strays: set[Naming] = set()
        for number, raw in enumerate(lines(), start=1):
            self._size, self._count = self._size + len(raw), number
            if number == 1:
                self.header, self._front = raw, front(raw)
                if self._front is None:
                    break
                continue
            assert self._front
            found = self._front(raw)
            if found == FOOTER:
                self._footers.append((number, raw))
            elif found is not None:
                self.rows += 1
                if found != last:
                    runs.append(_mark(found))
                    last = found
                    if None in found[:-1]:
                        strays.add(found)
        self._together = self._joined(strays) if strays else {}
        self._apart: dict[int, int] = {}  # in how many places an accident stands, of those that stand in several
        for one, other in pairwise(sorted(self._together.get(mark, mark) for mark in runs)):
            if one == other:
                self._apart[one] = self._apart.get(one, 1) + 1

    @property
    def known(self) -> bool:
        return self._front is not None

    def pieces(self) -> Iterator[Piece]:
        """The same lines again, cut. A file that is no longer than a piece stays as it is, and so does a strange one's header."""
        if not self.known:
            yield Piece(self.header, range(1, 2), 0)
        elif self._size <= PIECE_BYTES:
            yield Piece(b"".join(self._lines()), range(1, self._count + 1), self.rows)
        else:
            yield from self._cut()

    def _joined(self, lines: Iterable[Naming]) -> dict[int, int]:
        """Marks that must not be parted, each with one that stands for all of them: of lines that do not say whose they are, and
        of the accidents that they may be of."""
        assert self._front
        strays, root, last = Strays(lines), dict[int, int](), None

        def top(mark: int) -> int:
            while (above := root.get(mark, mark)) != mark:
                root[mark] = mark = root.get(above, above)
            return mark

        for raw in islice(self._lines(), 1, None):
            found = self._front(raw)
            if found and found != last and None not in found[:-1]:
                for stray in strays.of(found):
                    root[top(_mark(stray))] = top(_mark(found))
                last = found
        return {mark: top(mark) for mark in list(root)}

    def _cut(self) -> Iterator[Piece]:
        assert self._front
        waiting: dict[int, list[tuple[int, bytes]]] = {}
        ready: list[tuple[int, bytes]] = []
        left, last, size, mark = dict(self._apart), None, 0, 0
        for number, raw in enumerate(self._lines(), start=1):
            found = self._front(raw) if number > 1 else None
            if found is None or found == FOOTER:
                continue
            if found != last:
                if not left.get(mark, 1):  # this was the last place of an accident that stood apart
                    ready += waiting.pop(mark)
                if size >= PIECE_BYTES and ready:
                    yield self._piece(ready)
                    ready, size = [], 0
                last, mark = found, _mark(found)
                mark = self._together.get(mark, mark)
                if mark in left:
                    left[mark] -= 1
            (waiting.setdefault(mark, []) if mark in left else ready).append((number, raw))
            size += len(raw)
        ready += [line for held in waiting.values() for line in held]
        if ready:
            yield self._piece(ready)

    def _piece(self, ready: list[tuple[int, bytes]]) -> Piece:
        body = sorted(ready)
        if body[-1][1][-1:] not in b"\r\n":  # the last line of a file may have no end, and another may follow it here
            body[-1] = (body[-1][0], body[-1][1] + b"\n")
        whole = [(1, self.header), *body, *self._footers]
        return Piece(b"".join(raw for _, raw in whole), [number for number, _ in whole], len(body))


def _mark(told: Naming) -> int:
    """Of an accident, and of its lines without coordinates."""
    return hash(told[:-1])


def front(header: bytes) -> Front | None:
    """What a line tells of its accident, by the header of its file; None of a header that is not known."""
    for layout in (internal, taipei, taichung, open_data):  # in the order in which `sources` asks them
        found = layout.front(header)
        if found is not None:
            return found
    return None
