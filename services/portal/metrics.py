"""The figures of the store and the log in Prometheus' text form, made anew for each scrape in a registry of their own. Pure.

Every process of the doors tells the same of them; add nothing up over instances."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from services.portal.live import Figures, by_kind


def exposition(figures: Figures) -> bytes:
    registry = CollectorRegistry()

    def gauge(name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(f"claims_{name}", documentation, labels, registry=registry)

    records = gauge("records", "Records by kind and outcome of their latest verdict.", "kind", "outcome")
    for (kind, outcome), count in sorted(by_kind(figures.tallies).items()):
        records.labels(kind, outcome).set(count)
    lag = gauge("step_lag", "Events that a step has before it.", "step")
    for step, count in figures.lag.items():
        lag.labels(step).set(count)
    gauge("oldest_unprocessed_seconds", "Age of the oldest record without a verdict; 0 when there is none.").set(
        figures.oldest_waiting_seconds
    )
    rates = gauge("last_minute", "Records received and judged, and offers numbered, in the last 60 s.", "what")
    for what, count in figures.last_minute.items():
        rates.labels(what).set(count)
    offers = gauge("offers", "Numbers given in an insurer's feed.", "insurer")
    for insurer, count in sorted(figures.offers.items()):
        offers.labels(insurer).set(count)
    published = gauge("offers_published", "Of them on the insurer's own topic, if they are to be there.", "insurer")
    for insurer, count in sorted(figures.published.items()):
        published.labels(insurer).set(count)
    backlog = gauge("insurer_backlog", "Standing offers that an insurer has not had yet.", "insurer")
    for insurer, count in sorted(figures.backlog.items()):
        backlog.labels(insurer).set(count)
    gauge("rights_owed", "Insurers whose right to read on the brokers is not as they stand.").set(figures.rights_owed)
    gauge("overdue_seconds", "How late what must happen at a time is; 0 when nothing is.").set(figures.overdue_seconds)
    gauge("oldest_log_key_days", "Age of the oldest key of the log.").set(figures.oldest_key_days)
    gauge("cases", "Cases that stand.").set(figures.cases)
    gauge("worklist", "Pairs of cases that wait for an operator's word.").set(figures.worklist)
    dead = gauge("dead_letters", "Dead letters by step.", "step")
    for step in sorted({*figures.lag, *figures.dead}):  # a 0 before the first: an alert sees it come
        dead.labels(step).set(figures.dead.get(step, 0))
    problems = gauge("problems", "Problems told to senders, by code, of each record's latest attempt.", "code")
    for code, count in sorted(figures.problems.items()):
        problems.labels(code).set(count)
    questions = gauge(
        "questions_open", "Questions to an issuer whether a paper is real, that are not answered.", "issuer"
    )
    for issuer, count in sorted(figures.questions.items()):
        questions.labels(issuer).set(count)
    return generate_latest(registry)
