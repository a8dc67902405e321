"""The tables of docs/fault-assistance.md out of the rule table; `python -m tests.unit.fault_card` writes them there."""

import re
from pathlib import Path

from services.motor.proposal import article, rules

CARD = Path(__file__).parents[2] / "docs/fault-assistance.md"


def _articles(places: str) -> str:
    named = [place if ":" in place else f"K0040013:{place}" for place in places.split()]
    return "; ".join(article(place)[1].replace("Road Traffic Safety Rules ", "") for place in named) or "—"


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"


def _words(row: dict) -> str:
    item = f" (item {row['item']})" if "item" in row else ""
    return f"{row['words'][0]}<br>{row['words'][1]}{item}"


def _share(row: dict) -> str:
    if "share" in row:
        return _span(*row["share"])
    return "what the other words leave" + (", in equal parts" if row["rest"] > 1 else "")


def _duty(row: dict) -> list[str]:
    causes = {**row["causes"], **{f"{code} (96.09.09)": place for code, place in row.get("old", {}).items()}}
    by_place: dict[str, list[str]] = {}
    for code, place in causes.items():
        by_place.setdefault(place, []).append(code)
    told = "; ".join(
        f"{', '.join(codes)}: {_articles(place)}" if place else ", ".join(codes) for place, codes in by_place.items()
    )
    return [row["id"], str(row["rank"]), _words(row), told]


def _situations(rows: list[dict]) -> list[list[str]]:
    return [
        [
            row["id"],
            _words(row),
            _span(*row["range"]),
            _span(100 - row["range"][1], 100 - row["range"][0]),
            _articles(row["article"]),
            row["source"],
        ]
        for row in rows
    ]


def tables() -> dict[str, tuple[list[str], list[list[str]]]]:
    """Heads and rows of each table."""
    table = rules()
    meets = ["rule", "situation", "first party %", "other party %", "article", "source"]
    return {
        "sources": (["source", "what it is"], [[name, "<br>".join(words)] for name, words in table["sources"].items()]),
        "verdicts": (
            ["word", "English", "share %", "article", "source"],
            [
                [word, row["words"], _share(row), article(row["article"])[0] if row["article"] else "—", row["source"]]
                for word, row in table["verdicts"].items()
            ],
        ),
        "situations": (meets, _situations(table["situations"])),
        "duties": (
            ["duty", "gravity", "what was breached", "causes and articles"],
            [_duty(row) for row in table["duties"]],
        ),
        "comparisons": (
            ["rule", "when", "first party %"],
            [[name, _words(row), _span(*row["range"])] for name, row in table["comparisons"].items()],
        ),
        "manoeuvres": (meets, _situations(table["manoeuvres"])),
        "modifiers": (
            ["modifier", "what", "points to that party", "article", "source"],
            [
                [row["id"], _words(row), f"+{row['points']}", _articles(row["article"]), row["source"]]
                for row in table["modifiers"]
            ],
        ),
        "reasons": (
            ["reason", "what is said"],
            [[name, "<br>".join(words)] for name, words in table["cannotTell"].items()],
        ),
    }


def filled(card: str) -> str:
    """The card with its tables as the rules have them now."""
    for name, (heads, rows) in tables().items():
        lines = [heads, ["---"] * len(heads), *rows]
        drawn = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        card = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", rf"\g<1>{drawn}\n\g<2>", card, flags=re.S)
    return card


if __name__ == "__main__":
    CARD.write_text(filled(CARD.read_text(encoding="utf-8")), encoding="utf-8")
