"""The metrics in Prometheus' text form, made anew for each scrape in a registry of their own. Pure."""

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
    offers = gauge("offers", "Numbers given in an insurer's feed.", "insurer")
    for insurer, count in sorted(figures.offers.items()):
        offers.labels(insurer).set(count)
    gauge("cases", "Cases that stand.").set(figures.cases)
    dead = gauge("dead_letters", "Dead letters by step.", "step")
    for step, count in sorted(figures.dead.items()):
        dead.labels(step).set(count)
    problems = gauge("problems", "Problems told to senders, by code, of each record's latest attempt.", "code")
    for code, count in sorted(figures.problems.items()):
        problems.labels(code).set(count)
    return generate_latest(registry)
