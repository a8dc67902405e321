"""What a reconciliation answers: whether receipts, log, verdicts, store, cases and feeds agree, and each difference by
its name. Pure.

`{ok, at, logDays, lag, counts, differences: [{what, text, record, insurer, case, detail}], more}`; `more`: sorts of
difference of which not all are listed. No personal data: ids, codes, numbers, times.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LATE_SECONDS = 60  # a record older than this should have its verdict; validation takes a second, a full batch ten

WHAT = {
    "receipt-not-in-log": "a receipt was given, and the log has no such event",
    "log-without-receipt": "the log has a record that nobody has a receipt for",
    "no-verdict": "received long ago, and not judged",
    "verdict-not-in-log": "judged, and the log has no verdict to tell the hub",
    "log-verdict-without-record": "the log tells a verdict on a record that has none",
    "body-missing": "judged, and its bytes are not kept",
    "body-wanted": "a restore has its verdict and no bytes: its sender must post it again",
    "body-of-erased": "erased, and its bytes are still there",
    "body-without-receipt": "bytes are kept that nobody has a receipt for",
    "body-unreadable": "its bytes are kept, and their key is not there",
    "key-of-erased": "erased, and its key is still there",
    "keys-of-erased": "erased, and still looked up by something",
    "case-unknown": "stands in a case that does not exist",
    "case-merged": "stands in a case that was merged into another",
    "merged-into-nothing": "a case was merged into one that does not exist",
    "no-case": "evidence that opens a case, and stands in none",
    "not-taken-in": "evidence, an authorisation or a mandate that the hub knows nothing of: its verdict never came there",
    "offer-without-view": "offered, and the hub has no view of it",
    "offer-of-merged-case": "offered under a number that was merged, and not taken back",
    "offer-of-gone": "a paper that is gone stands in an offer that was not taken back",
    "offer-without-consent": "stands in an offer under an authorisation or mandate that is not in force",
    "offer-without-basis": "a paper was offered without any basis",
    "offer-content": "an offer taken back keeps its content, or a standing one has none",
    "offer-unreadable": "a standing offer whose key is not there",
    "offer-key-left": "an offer was taken back, and its key is still there",
    "handover-beyond-feed": "handed over under a number that the feed never reached",
    "feed-gap": "the numbers of a feed are not contiguous",
    "journal-ahead": "the journal tells it, and the store knows nothing of it: was it set back?",
    "question-overdue": "nobody has closed a question to an issuer whose deadline has passed",
    "question-of-gone": "a question is kept about a paper that was erased",
    "answer-unsigned": "a question ended with an issuer's word, and what it signed is not kept, or the other way round",
    "right-owed": "the right to read its own topic on the brokers is not as the insurer stands",
    "dead-letter": "a step failed on it, and it has not been redriven",
}


def report(
    at: str,
    counts: Mapping[str, int],
    lag: Mapping[str, int],
    log_days: Sequence[str],
    differences: Iterable[tuple[str, str | None, str | None, str | None, str]],
    limit: int,
) -> dict[str, Any]:
    """`differences`: (what, record, insurer, case, detail), of one sort at most `limit`."""
    found = [
        {"what": what, "text": WHAT[what], "record": record, "insurer": insurer, "case": case, "detail": detail}
        for what, record, insurer, case, detail in sorted(
            differences, key=lambda one: tuple(part or "" for part in one)
        )
    ]
    times = Counter(one["what"] for one in found)
    return {
        "ok": not found,
        "at": at,
        "logDays": list(log_days),
        "lag": dict(lag),
        "counts": dict(counts),
        "differences": found,
        "more": sorted(what for what, count in times.items() if what is not None and count >= limit),
    }


def lines(report: Mapping[str, Any]) -> list[str]:
    """The report as text, for a terminal."""
    days = report["logDays"]
    told = ["everything agrees" if report["ok"] else f"{len(report['differences'])} differences"]
    told.append(f"  log kept from {days[0]} to {days[-1]}" if days else "  no log in the store: brokers are not read")
    told += [f"  {name}: {count:,}" for name, count in report["counts"].items()]
    told += [f"  {step} has {count:,} events before it" for step, count in report["lag"].items() if count]
    for one in report["differences"]:
        about = "  ".join(f"{name} {one[name]}" for name in ("record", "insurer", "case") if one[name])
        told.append(f"{one['what']}: {about} ({one['detail']}): {one['text']}")
    told += [f"more of {what} than are listed" for what in report["more"]]
    return told
