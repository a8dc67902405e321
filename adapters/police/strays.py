"""Lines that tell only in part which accident they are of, and the accidents that they may be of. Pure."""

from collections.abc import Iterable, Iterator

# What names an accident, part by part, coordinates last; None of a part that cannot be read.
Naming = tuple[str | None, ...]

_Parts = tuple[int, ...]


class Strays:
    """Such lines by what they tell, to be asked with every accident in turn."""

    def __init__(self, told: Iterable[Naming]) -> None:
        self._lines: dict[_Parts, list[Naming]] = {}
        for line in told:
            self._lines.setdefault(_parts(line), []).append(line)
        self._least: dict[tuple[_Parts, _Parts], tuple[_Parts, dict[Naming, Naming]]] = {}

    def of(self, accident: Naming) -> Iterator[Naming]:
        """Lines that may be of an accident: something that both tell is the same, and nothing that both tell differs. Of lines
        that are alike to it, the least: one is enough to hold it."""
        own = _parts(accident)
        for parts in self._lines:
            common, least = self._least.get((parts, own)) or self._alike(parts, own)
            if common and (found := least.get(_cut(accident, common))) is not None:
                yield found

    def _alike(self, parts: _Parts, own: _Parts) -> tuple[_Parts, dict[Naming, Naming]]:
        """What lines of these parts have in common with accidents of those, and the least line of each."""
        common = tuple(part for part in parts if part in own)
        lines = sorted(self._lines[parts], key=lambda one: _cut(one, parts), reverse=True)
        self._least[parts, own] = common, {_cut(line, common): line for line in lines}
        return self._least[parts, own]


def _parts(told: Naming) -> _Parts:
    return tuple([part for part, text in enumerate(told) if text is not None])


def _cut(told: Naming, parts: _Parts) -> Naming:
    return tuple([told[part] for part in parts])
