"""The demo's summary for a person: tables and sentences."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from schemas.records import FUND
from services.commands.outcome import Outcome, percentile
from services.portal.motor_words import INSURED
from services.portal.reconciliation import lines
from services.sandbox.check import Fault
from services.sandbox.motor_check import MotorCases
from services.sandbox.observer import Seen
from services.sandbox.police_unit import LATE_SECONDS
from services.sandbox.settlement import Settlement
from services.sandbox.setup import Sandbox
from services.sandbox.truth import Acting
from services.sandbox.verifying import Verified

VERDICTS = ("accepted", "duplicate", "rejected", "dead", "later", "refused")
SHOWN = 12  # faults of a sort


def show(
    console: Console,
    found: Outcome,
    sandbox: Sandbox,
    seen: Mapping[str, Seen],
    views: Mapping[str, Iterable[str]],
    reconciliation: Mapping[str, Any],
    motor: MotorCases,
) -> None:
    console.print(_senders(found, sandbox))
    console.print(_insurers(sandbox, seen, views))
    rate = found.records / found.seconds if found.seconds else 0.0
    p50, p99 = (f"{1000 * percentile(found.latencies, share):.0f} ms" for share in (0.5, 0.99))
    extra = len(found.found - found.known)
    for name, told in (
        ("Cases", f"{reconciliation['counts']['cases']}"),
        ("Duplicates", f"found {len(found.found & found.known)} of {len(found.known)} known" + _more(extra)),
        ("Copies", f"of other senders' papers held back {found.copies_held_back} of {found.copies}"),
        ("Motor cases", f"{motor.accidents} accidents, {motor.victims} victims; disputes {motor.disputes}"),
        ("Who owes", f"the fund {motor.by_fund}, several who pay together {motor.by_several}"),
        ("The fund", _fund(motor, set(views.get(FUND, ())), seen)),
        ("One set", f"{motor.shared} police records at several insurers, each sent once"),
        ("By agents", _by_agents(found.acting)),
        ("Speed", f"{found.records} records in {found.seconds:.1f} s, {rate:.0f} records/s"),
        ("POST to offer", f"p50 {p50}, p99 {p99} ({len(found.latencies)} papers that waited for nothing else)"),
    ):
        console.print(f"{name:<15}{told}")
    ok = bool(reconciliation["ok"])
    log = "log, " if reconciliation["logDays"] else ""  # what is on brokers is not compared
    console.print("Reconciliation " + (f"receipts, {log}verdicts, store and feeds agree" if ok else "[red]DIFFERS[/]"))
    colour = "green" if found.clean and ok else "red"
    console.print(
        f"[bold {colour}]lost {found.lost}   doubled {len(found.report.doubled)}   leaked {len(found.report.leaked)}[/]"
    )
    _faults(console, "lost", found.report.lost)
    _faults(console, "doubled", found.report.doubled)
    _faults(console, "leaked", found.report.leaked)
    _faults(console, "judged otherwise than expected", found.report.verdicts)
    _lines(console, "motor cases told otherwise than expected", motor.faults)
    _lines(console, "not judged", found.unjudged)
    _lines(console, "feed", found.feed_faults)
    if not ok:
        _lines(console, "reconciliation", lines(reconciliation))


def show_settled(console: Console, sandbox: Sandbox, settled: Iterable[Settlement]) -> None:
    """The accidents that several insurers can settle from one set of papers, as each insurer is told."""
    settled = list(settled)
    _lines(console, "cannot be settled as expected", (fault for one in settled for fault in one.faults))
    shared = [one for one in settled if one.shared]
    if not shared:
        console.print(f"{'To settle':<15}no accident of two who pay has all its papers")
        return
    papers = sum(one.papers for one in shared)
    console.print(
        f"{'To settle':<15}{len(shared)} accidents of two who pay from one set each: {papers} papers, each handed in once; "
        "nobody who owes lacks one, and all reckon the same"
    )
    table = Table(title="What each insurer is told of them; what it pays, it tells nobody here", title_justify="left")
    for name in ("case", "insurer", "papers", "victim: share", "TWD", "to pay by"):
        table.add_column(name, justify="right" if name in ("papers", "TWD") else "left")
    for one in sorted(shared, key=lambda one: one.case):
        for part in one.parts:
            shares = ", ".join(f"{party}: {share}" for party, share in part.shares.items())
            name = sandbox.bearers[part.insurer].name
            table.add_row(one.case, name, str(part.papers), shares, f"{part.amount:,}", part.due)
    console.print(table)


def show_verified(console: Console, verified: Verified) -> None:
    """What became of the questions whether papers are real."""
    if not verified.states:
        console.print(f"{'Real papers':<15}nobody holds a police paper to ask about")
        return
    p50, p99 = (f"{percentile(verified.seconds, share):.1f} s" for share in (0.5, 0.99))
    states = ", ".join(f"{count} {state}" for state, count in sorted(verified.states.items()))
    console.print(
        f"{'Real papers':<15}{states}; from question to answer p50 {p50}, p99 {p99}; each unit was down once, signed "
        f"with a wrong key once and took {LATE_SECONDS:g} s once; {verified.again} asked later and were told at once"
    )
    _lines(console, "verification", verified.faults)


def _by_agents(acting: Mapping[Acting, tuple[int, int, int]]) -> str:
    (mandated, _, held), (revoked, before, still), (without, ever, _) = (acting[how] for how in Acting)
    return (
        f"applications under a mandate {mandated}, held by insurers {held}; under one revoked {revoked}, offered before "
        f"{before}, held {still}; without one {without}, ever offered {ever}"
    )


def _fund(motor: MotorCases, held: set[str], seen: Mapping[str, Seen]) -> str:
    """Why it owes whom, by how the vehicle stood (G0390060 art. 40 I), and what reached it."""
    why = ", ".join(f"{INSURED[stood][1]} {count}" for stood, count in sorted(motor.fund.items()))
    offers = seen[FUND].offers if FUND in seen else 0
    return f"victims by the vehicle's standing: {why or 'none'}; it got {offers} offers and holds {len(held)} papers"


def _more(extra: int) -> str:
    return f", and {extra} that are none" if extra else ""


def _senders(found: Outcome, sandbox: Sandbox) -> Table:
    table = Table(title="Records by sender and verdict", title_justify="left")
    table.add_column("sender")
    used = [verdict for verdict in VERDICTS if any(counts[verdict] for counts in found.senders.values())]
    for verdict in used:
        table.add_column(verdict, justify="right")
    for code, bearer in sandbox.bearers.items():
        if counts := found.senders.get(code):
            table.add_row(f"{code} {bearer.name}", *(str(counts[verdict] or "") for verdict in used))
    return table


def _insurers(sandbox: Sandbox, seen: Mapping[str, Seen], views: Mapping[str, Iterable[str]]) -> Table:
    table = Table(title="Offers by insurer", title_justify="left")
    table.add_column("insurer")
    for name in ("offers", "taken back", "papers held", "papers fetched"):
        table.add_column(name, justify="right")
    for code, feed in seen.items():
        numbers = (feed.offers, feed.withdrawals, len(set(views.get(code, ()))), len(feed.fetched))
        table.add_row(f"{code} {sandbox.bearers[code].name}", *(str(number) for number in numbers))
    return table


def _faults(console: Console, title: str, faults: Iterable[Fault]) -> None:
    _lines(console, title, (f"{one.file or one.sha256}  {one.insurer}  {one.why}" for one in faults))


def _lines(console: Console, title: str, lines: Iterable[str]) -> None:
    all_lines = list(lines)
    if not all_lines:
        return
    console.print(f"{title}:")
    for line in all_lines[:SHOWN]:
        console.print(f"  {line}", markup=False, highlight=False)
    if len(all_lines) > SHOWN:
        console.print(f"  … and {len(all_lines) - SHOWN} more")
