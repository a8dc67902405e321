"""What an operator is given fits together: alert rules and dashboard ask for what is told, the handbook says what to do."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.integration import claims
from tests.integration.bodies import OPERATOR
from tests.integration.running import Running

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/operations.md").read_text()
(GROUP,) = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
PANELS = json.loads((ROOT / "deploy/grafana/claims.json").read_text())["panels"]
ASKED = [rule["expr"] for rule in GROUP["rules"]] + [one["expr"] for panel in PANELS for one in panel["targets"]]
OF_PROMETHEUS = {"instance", "job"}  # labels that it gives


@pytest.fixture(scope="module")
def families(running: Running) -> list[Metric]:
    claims.claim(running)
    claims.feed(running)
    running.settle()
    with running.client(OPERATOR) as client:
        return list(text_string_to_metric_families(client.get("/metrics").text))


def selectors(expression: str) -> tuple[dict[str, set[str]], set[str]]:
    """The metrics that an expression asks for with the labels that it selects them by, and the labels it groups by."""
    found: dict[str, set[str]] = {}
    groups: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        node = getattr(node, "vector_selector", node)
        if isinstance(node, promql_parser.VectorSelector):
            found.setdefault(node.name, set()).update(one.name for one in node.matchers.matchers)
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            groups.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found, groups


def test_a_selector_is_found_wherever_it_stands() -> None:
    assert selectors('a > 2 and sum by (x) (rate(b{y="1"}[5m])) / -topk(3, (c))') == (
        {"a": set(), "b": {"y"}, "c": set()},
        {"x"},
    )


@pytest.mark.parametrize("expression", sorted(set(ASKED)))
def test_what_is_asked_for_is_told(expression: str, families: list[Metric]) -> None:
    samples = {sample.name: set(sample.labels) for family in families for sample in family.samples} | {"up": set()}
    samples.setdefault("claims_problems", {"code"})  # nothing was wrong with anything
    samples.setdefault("claims_questions_open", {"issuer"})  # nobody asked
    samples.setdefault("claims_offers_published", {"insurer"})  # this form has no topics for insurers
    found, groups = selectors(expression)
    assert found
    for name, labels in found.items():
        assert labels <= samples[name] | OF_PROMETHEUS
        assert groups <= samples[name] | OF_PROMETHEUS


def test_what_is_told_is_explained(families: list[Metric]) -> None:
    told = {family.name for family in families if family.name.startswith("claims_")}
    told |= {"claims_spans_total"}  # only where traces are collected: tests/end_to_end/test_traces.py
    assert told == set(re.findall(r"^\| `(claims_\w+)", GUIDE, re.MULTILINE))


def test_every_alert_has_its_section_and_is_urgent_or_not() -> None:
    alerts = [rule["alert"] for rule in GROUP["rules"]]
    assert alerts == re.findall(r"^### (Claims\w+)$", GUIDE, re.MULTILINE)
    for rule in GROUP["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]


def test_each_panel_stands_by_itself() -> None:
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in PANELS
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places)) and max(x for x, _ in places) < 24
    assert len({panel["id"] for panel in PANELS}) == len({panel["title"] for panel in PANELS}) == len(PANELS)
