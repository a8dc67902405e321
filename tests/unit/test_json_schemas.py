"""The published schemas: valid, closed, exemplified; and their violations as problems that quote nothing."""

import copy
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.json import load, names
from services.validation.schema import VIOLATIONS_MAX, in_order, structure

CONTRACT = {
    "accident",
    "application",
    "authorisation",
    "dispute",
    "judgement",
    "mandate",
    "offer",
    "offer-withdrawn",
    "paper",
    "participant",
    "review",
    "verification",
}
SECRET = "祕密值A123456789"


def example(name: str) -> dict:
    return copy.deepcopy(load(name)["examples"][0])


def changed(name: str, change) -> list:
    value = example(name)
    change(value)
    return structure(name, value)[1]


def objects(schema: object):
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for child in schema.values():
            yield from objects(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from objects(child)


def test_every_body_and_event_has_a_schema():
    assert set(names()) == CONTRACT


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        load("../json/review")


def test_load_gives_a_fresh_value():
    load("review")["title"] = "changed"
    assert load("review")["title"] == "Review"


@pytest.mark.parametrize("name", names())
def test_a_schema_stands_alone_and_its_example_follows_it(name):
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"/schemas/{name}"
    assert schema["title"] and schema["description"]
    assert len(schema["examples"]) == 1
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(schema["examples"][0])
    assert structure(name, schema["examples"][0])[1] == []


@pytest.mark.parametrize("name", names())
def test_every_object_is_closed(name):
    assert all(one["additionalProperties"] is False for one in objects(load(name)))


@pytest.mark.parametrize("name", names())
def test_every_missing_element_is_named(name):
    for required in load(name)["required"]:
        found = changed(name, lambda value, required=required: value.pop(required))
        assert [one.path for one in found] == [required]
        assert f"'{required}'" in found[0].textEn and f"「{required}」" in found[0].text


@pytest.mark.parametrize("name", names())
def test_an_unknown_element_is_refused_and_not_repeated(name):
    (found,) = changed(name, lambda value: value.update({SECRET: 1}))
    assert found.code == "schema" and found.path == ""
    assert SECRET not in found.model_dump_json() and "unknown property" in found.textEn


KEYWORDS = {
    *(
        "type",
        "enum",
        "const",
        "pattern",
        "format",
        "required",
        "dependentRequired",
        "properties",
        "additionalProperties",
    ),
    *("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "uniqueItems", "items"),
    *("oneOf", "anyOf", "allOf", "if", "then", "else", "$ref", "$defs"),
    *("$schema", "$id", "title", "description", "examples"),
}


def keywords(schema: dict):
    for keyword, value in schema.items():
        yield keyword
        if keyword in ("properties", "$defs"):
            value = list(value.values())
        elif keyword in ("examples", "enum", "const", "dependentRequired"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict):
                yield from keywords(child)


@pytest.mark.parametrize("name", names())
def test_every_keyword_used_has_words_of_its_own(name):
    assert set(keywords(load(name))) <= KEYWORDS


def test_a_loss_is_the_same_in_every_filing():
    losses = [load(name)["$defs"]["loss"] for name in ("application", "authorisation", "dispute", "paper")]
    assert losses[0] == losses[1] == losses[2]


LOSSES = [
    ({"kind": "motor", "date": "2025-09-03", "plate": "ABC-1234"}, []),
    ({"kind": "medical", "hospital": "1131990017", "date": "2025-09-03"}, []),
    ({"kind": "medical", "hospital": "1131990017", "document": "D1"}, []),
    ({"case": "C0123456789AB"}, []),
    ({"kind": "motor", "date": "2025-09-03"}, [("loss.plate", "missing 'plate'")]),
    ({"kind": "motor", "date": "2025-02-30", "plate": "ABC-1234"}, [("loss.date", "must be a date")]),
    ({"kind": "medical", "hospital": "1131990017"}, [("loss", "needs date or document")]),
    ({"kind": "medical", "hospital": "113", "date": "2025-09-03"}, [("loss.hospital", "must match the pattern")]),
    ({"case": 7}, [("loss.case", "must be of type string")]),
    (
        {"case": "C1", "kind": "motor"},
        [("loss", "unknown property"), ("loss.date", "missing"), ("loss.plate", "missing")],
    ),
    (
        {"kind": "ship"},
        [("loss", "must be one of these forms (motor: kind, date, plate; medical: kind, hospital; case:")],
    ),
    ({}, [("loss", "must be one of these forms")]),
    ("C1", [("loss", "must be one of these forms")]),
]


@pytest.mark.parametrize(("loss", "expected"), LOSSES)
def test_a_loss_says_what_its_form_lacks(loss, expected):
    found = changed("application", lambda value: value.update(loss=loss))
    assert len(found) == len(expected)
    for one, (path, text) in zip(found, expected, strict=True):
        assert one.path == path and text in one.textEn


FAULTS = [
    ("accident", lambda v: v.update(severity="A9"), "severity", "/severity", "must be one of A1, A2, A3"),
    ("accident", lambda v: v.update(occurredAt="2025-09-03T08:15:00"), "occurredAt", "/occurredAt", "with its zone"),
    ("accident", lambda v: v.update(occurredAt="2025-02-30T08:15:00Z"), "occurredAt", "/occurredAt", "with its zone"),
    ("accident", lambda v: v.update(occurredAt="2025-09-0３T08:15:00Z"), "occurredAt", "/occurredAt", "with its zone"),
    ("accident", lambda v: v.update(deaths=-1), "deaths", "/deaths", "must be at least 0"),
    ("accident", lambda v: v.update(version=Decimal("1.5")), "version", "/version", "must be of type integer"),
    ("accident", lambda v: v.update(version=True), "version", "/version", "must be of type integer"),
    ("accident", lambda v: v.update(id="a b"), "id", "/id", "must match the pattern"),
    ("accident", lambda v: v.update(id="a\n"), "id", "/id", "must match the pattern"),
    ("accident", lambda v: v.update(parties=[]), "parties", "/parties", "must have at least 1 items"),
    ("accident", lambda v: v.pop("codeSystem"), "codeSystem", "", "'weather' needs 'codeSystem'"),
    ("accident", lambda v: v["place"].pop("latitude"), "place.latitude", "/place", "'longitude' needs 'latitude'"),
    (
        "accident",
        lambda v: v["parties"][1]["person"].update(identifier=7),
        "parties[1].person.identifier",
        "/parties/1/person/identifier",
        "must be of type string",
    ),
    ("authorisation", lambda v: v.update(recipients=["1"]), "recipients[0]", "/recipients/0", "^([0-9]{8}|fund)$"),
    ("authorisation", lambda v: v.update(recipients=["82916473"] * 2), "recipients", "/recipients", "must be unique"),
    (
        "authorisation",
        lambda v: v["period"].update(end="２０２６-09-04"),
        "period.end",
        "/period/end",
        "must be a date",
    ),
    ("paper", lambda v: v.update(issuer="387130000C"), "issuer", "/issuer", "must match the pattern ^[0-9]{10}$"),
    ("paper", lambda v: v.update(persons=[]), "persons", "/persons", "must have at least 1 items"),
    ("judgement", lambda v: v.update(judgement="erase"), "records", "/records", "must have at most 1 items"),
    ("judgement", lambda v: v["records"].pop(), "records", "/records", "must have at least 2 items"),
    ("offer", lambda v: v.update(type="claims.other"), "type", "/type", "must be claims.offer"),
    ("offer", lambda v: v["data"].pop("papers"), "data.papers", "/data", "missing 'papers'"),
    (
        "offer",
        lambda v: v["data"]["papers"][0]["basis"][0].update(law=7),
        "data.papers[0].basis[0].law",
        "/data/papers/0/basis/0/law",
        "must be of type string",
    ),
    (
        "offer-withdrawn",
        lambda v: v["data"].update(withdraws=[0]),
        "data.withdraws[0]",
        "/data/withdraws/0",
        "at least 1",
    ),
]


@pytest.mark.parametrize(("name", "change", "path", "pointer", "text"), FAULTS)
def test_a_fault_is_named_by_path_and_pointer(name, change, path, pointer, text):
    (found,) = [one for one in changed(name, change) if one.path == path and text in one.textEn]
    assert (found.code, found.pointer) == ("schema", pointer)
    assert found.text != found.textEn and name in found.fix


@pytest.mark.parametrize("text", ["114-09-03", "114/09/03", "1140903", "民國114年9月3日", "１１４/9/3"])
def test_a_day_in_the_roc_calendar_is_named_so(text):
    (found,) = changed("paper", lambda value: value.update(issued=text))
    assert (found.code, found.path) == ("filing-roc-date", "issued")


@pytest.mark.parametrize("text", ["2025/09/03", "20250903", "yesterday", ""])
def test_another_day_is_a_plain_violation(text):
    (found,) = changed("paper", lambda value: value.update(issued=text))
    assert (found.code, found.path) == ("schema", "issued")


def test_the_short_offer_of_a_number_taken_back_is_valid():
    value = example("offer") | {"data": {"case": "C0123456789AB"}}
    assert structure("offer", value)[1] == []


def test_all_faults_come_at_once_in_path_order():
    value = example("accident")
    value["parties"] = [dict(value["parties"][0], order=number, kind="ship") for number in range(1, 13)]
    value["severity"] = "A9"
    del value["unit"]["name"]
    paths = [one.path for one in structure("accident", value)[1]]
    assert paths == [*(f"parties[{number}].kind" for number in range(12)), "severity", "unit.name"]


def test_decimals_that_are_whole_are_integers():
    assert changed("accident", lambda value: value.update(version=Decimal("2.0"))) == []


def test_a_body_of_faults_only_has_an_end():
    found = changed("authorisation", lambda value: value.update(classes=[{}] * 100_000))
    assert 0 < len(found) <= VIOLATIONS_MAX


def test_problems_sort_by_number_not_by_digit():
    value = example("accident")
    value["parties"] = [dict(value["parties"][0], order=number, kind="ship") for number in range(1, 13)]
    found = structure("accident", value)[1]
    assert in_order(list(reversed(found))) == found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "kind", "loss", "case", "data", "law", "x"]) | st.text(max_size=4), inner
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(names()), JSON)
def test_any_value_gives_problems_and_never_raises(name, value):
    ours = structure(name, value)[1]
    assert bool(ours) == (not Draft202012Validator(load(name)).is_valid(value)) or any(
        "date" in one.textEn or "RFC 3339" in one.textEn or one.code == "filing-roc-date" for one in ours
    )


@given(st.sampled_from(sorted(CONTRACT - {"offer", "offer-withdrawn"})), st.data())
def test_a_problem_never_quotes_a_value(name, data):
    value = example(name)
    spots = list(_spots(value))
    holder, key = data.draw(st.sampled_from(spots))
    holder[key] = data.draw(st.sampled_from([SECRET, [SECRET], {SECRET: SECRET}, {"case": SECRET, "kind": SECRET}]))
    for found in structure(name, value)[1]:
        assert SECRET not in json.dumps(found.model_dump(mode="json"), ensure_ascii=False)


def _spots(value: object):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield value, key
        yield from _spots(child)
