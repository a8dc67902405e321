"""Applications, authorisations and the words that govern them: what is refused, and the views."""

import copy
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import (
    Accident,
    Act,
    Acting,
    Cover,
    DataClass,
    Grant,
    Judgement,
    LegalBasis,
    Loss,
    Mandate,
    NamedInsurer,
    Number,
    NumberType,
    ParticipantChange,
    Review,
    Standing,
    SubjectRole,
    Uses,
    Withdrawal,
)
from schemas.json import load
from schemas.problems import errors
from schemas.records import Kind, Record, Role
from services.validation import check as dispatch
from services.validation import filing, person

RECEIVED = "2026-09-19T17:30:00.000000Z"  # 01:30 of the 20th in Taiwan
MEDICAL = {"kind": "medical", "hospital": "1131990017", "date": "2025-09-03"}


def example(name: str) -> dict:
    return copy.deepcopy(load(name)["examples"][0])


def check(kind: str, value: object, target: str = "f" * 32):
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind(kind),
        sender="CL01",
        role=Role.CLAIMLINK,
        method="POST",
        path="/claimlink/applications",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type="application/json",
        received=RECEIVED,
        target=target,
    )
    return filing.check(record, body, None)


def changed(kind: str, change):
    value = example(kind)
    change(value)
    return check(kind, value)


def test_the_view_of_an_application():
    finding = check("application", example("application"))
    content = finding.content
    assert finding.problems == ()
    assert (content.paper, content.identity, content.version) == ("application", "CL01-2025-000123", "000000000001")
    assert (content.issued, content.issuer, content.standing) == (RECEIVED, "CL01", Standing.CURRENT)
    assert content.persons == ("B223456782",) and content.plates == ("ABC1234", "MNP5678")
    assert content.numbers == (Number(type=NumberType.POLICE_CASE, value="A114090342"),)
    assert content.loss == Loss(kind="motor", date="2025-09-03", plate="MNP5678")
    assert content.accident == Accident(
        date="2025-09-03",
        time="08:15",
        place="雲澤市中央區和風路二段與松濤街口",
        roads=("中央區和風路2段", "中央區松濤街"),
    )
    assert content.insurers == (
        NamedInsurer(insurer="82916473", cover=Cover.MOTOR_COMPULSORY),
        NamedInsurer(insurer="74643675", cover=Cover.LIFE_HEALTH),
    )
    assert content.classes == (DataClass.APPLICATION,) and not content.open_data
    assert content.content == (
        '["APPLICATION","B223456782","MOTOR","2025-09-03","MNP5678","","","",'
        '[["74643675","LIFE-HEALTH"],["82916473","MOTOR-COMPULSORY"]]]'
    )
    assert content.parts == (content.content,)


def test_an_application_is_about_everyone_it_names():
    def crowd(value):
        value["injured"].append({"identifier": "F131104093", "name": "葉知遠"})
        value["vehicles"][1]["driver"] = {"identifier": "a123456789", "name": "林景和"}

    assert changed("application", crowd).content.persons == ("A123456789", "B223456782", "F131104093")


def test_the_facts_of_an_application_hold_no_insurers_number_and_no_person():
    facts = check("application", example("application")).content.facts
    assert facts == {"loss": "motor", "vehicles": 2, "injured": 1, "policeReported": True, "date": "2025-09-03"}


def test_a_claim_number_belongs_to_its_insurer():
    content = changed("application", lambda value: value["insurers"][1].update(claimNumber="l-７７")).content
    assert Number(type=NumberType.CLAIM, value="L-77", issuer="74643675") in content.numbers


@pytest.mark.parametrize(
    ("loss", "expected", "fingerprint"),
    [
        (
            MEDICAL,
            Loss(kind="medical", hospital="1131990017", date="2025-09-03"),
            '"MEDICAL","2025-09-03","","1131990017","",""',
        ),
        (
            {"kind": "medical", "hospital": "1131990017", "document": " d－1"},
            Loss(kind="medical", hospital="1131990017", document="D-1"),
            '"MEDICAL","","","1131990017","D-1",""',
        ),
        ({"case": "c0123456789ab"}, Loss(kind="case", case="C0123456789AB"), '"CASE","","","","","C0123456789AB"'),
    ],
)
def test_a_loss_is_read(loss, expected, fingerprint):
    content = changed("application", lambda value: value.update(loss=loss)).content
    assert content.loss == expected and fingerprint in content.content


def test_an_accident_is_told_by_time_or_place_and_needs_a_day():
    def only(*names):
        def change(value):
            for name in {"occurredAt", "place"} - set(names):
                del value[name]

        return change

    both = changed("application", only("occurredAt", "place")).content.accident
    place = changed("application", only("place")).content.accident
    time = changed("application", only("occurredAt")).content.accident
    assert (place.date, place.time, place.roads) == ("2025-09-03", None, both.roads)
    assert (time.time, time.place, time.roads) == ("08:15", "", ())
    assert changed("application", only()).content.accident is None

    def medical_place(value):
        del value["occurredAt"]
        value["loss"] = MEDICAL

    assert changed("application", medical_place).content.accident is None


SAME_APPLICATION = [
    lambda value: value.update(id="another", version=7, description="不同說明"),
    lambda value: value["loss"].update(plate="mnp　5678"),
    lambda value: value["applicant"].update(identifier="ｂ223456782", name="另名"),
    lambda value: value.update(insurers=value["insurers"][::-1]),
]


@pytest.mark.parametrize("change", SAME_APPLICATION)
def test_applicant_and_loss_make_an_application(change):
    assert (
        changed("application", change).content.content == check("application", example("application")).content.content
    )


def test_the_same_loss_filed_with_another_insurer_too_is_no_repetition():
    one = changed("application", lambda value: value.update(insurers=value["insurers"][:1])).content
    both = check("application", example("application")).content
    assert one.content != both.content and not set(one.parts) & set(both.parts)


def test_an_unknown_property_hides_no_other_fault():
    def change(value):
        value["applicant"].update(identifier="B223456783", nickname="x")

    finding = changed("application", change)
    assert finding.content is None
    assert [(one.code, one.path) for one in finding.problems] == [
        ("schema", "applicant"),
        ("filing-person-identifier", "applicant.identifier"),
    ]


APPLICATION_FAULTS = [
    (lambda v: v["applicant"].update(identifier="B223456783"), "filing-person-identifier", "applicant.identifier"),
    (lambda v: v["applicant"].update(identifier="無證號無證號"), "filing-person-identifier", "applicant.identifier"),
    (lambda v: v["injured"][0].update(identifier="A323456789"), "filing-person-identifier", "injured[0].identifier"),
    (
        lambda v: v["vehicles"][0]["driver"].update(identifier="A123456788"),
        "filing-person-identifier",
        "vehicles[0].driver.identifier",
    ),
    (lambda v: v["insurers"][1].update(code="74643671"), "filing-company-number", "insurers[1].code"),
    (lambda v: v["loss"].update(date="2026-09-21"), "filing-loss-in-future", "loss.date"),
    (lambda v: v["loss"].update(date="0114-09-03"), "filing-roc-date", "loss.date"),
    (lambda v: v["loss"].update(date="114-09-03"), "filing-roc-date", "loss.date"),
    (lambda v: v.update(occurredAt="0114-09-03T08:15:00+08:00"), "accident-date-range", "occurredAt"),
    (lambda v: v.update(loss={"kind": "motor", "date": "2025-09-03"}), "schema", "loss.plate"),
]


@pytest.mark.parametrize(("change", "code", "path"), APPLICATION_FAULTS)
def test_what_refuses_an_application(change, code, path):
    finding = changed("application", change)
    assert (code, path) in [(one.code, one.path) for one in finding.problems]
    assert finding.content is None


APPLICATION_ODDITIES = [
    (lambda v: v.update(occurredAt="2025-09-04T08:15:00+08:00"), "filing-occurred-differs", "occurredAt"),
    (lambda v: v.update(occurredAt="2026-09-20T01:30:01+08:00"), "accident-in-future", "occurredAt"),
    (lambda v: v["place"].update(longitude=24.1, latitude=120.6), "accident-coordinates-swapped", "place"),
    (lambda v: v["place"].update(longitude=0, latitude=0), "accident-coordinates-outside", "place"),
]


@pytest.mark.parametrize(("change", "code", "path"), APPLICATION_ODDITIES)
def test_what_is_only_odd_in_an_application(change, code, path):
    finding = changed("application", change)
    assert [(one.code, one.path) for one in finding.problems] == [(code, path)]
    assert finding.content is not None


def test_the_day_of_receipt_in_taiwan_is_no_future():
    finding = changed("application", lambda value: (value["loss"].update(date="2026-09-20"), value.pop("occurredAt")))
    assert finding.problems == ()


def test_the_view_of_an_authorisation():
    finding = check("authorisation", example("authorisation"))
    content = finding.content
    assert finding.problems == ()
    assert content.grant == Grant(
        grantor="B223456782",
        grantor_role="self",
        subject="B223456782",
        subject_role=SubjectRole.INJURED,
        recipients=("82916473", "74643675"),
        purpose=Cover.MOTOR_COMPULSORY,
        classes=(DataClass.CERTIFICATE, DataClass.RECEIPT),
        start="2025-09-05",
        end="2027-09-04",
        uses=Uses.MULTIPLE,
        basis=LegalBasis.WRITTEN_CONSENT,
    )
    assert (content.persons, content.plates, content.insurers) == (("B223456782",), ("MNP5678",), ())
    assert content.loss == Loss(kind="motor", date="2025-09-03", plate="MNP5678")
    assert (content.content, content.parts, content.issued) == ("", (), RECEIVED)


def acting(role: str, basis: str, subject: str = "A123456789", subject_role: str | None = None):
    def change(value):
        value["subjectRole"] = subject_role or ("deceased" if role == "heir" else "injured")
        value["grantor"]["role"] = role
        value["basis"] = basis
        value["subject"]["identifier"] = subject

    return change


@pytest.mark.parametrize(
    "change",
    [
        acting("representative", "representative-consent"),
        acting("heir", "heir-consent"),
        acting("agent", "agent-consent"),
        acting("self", "written-consent", "ｂ223456782"),
        lambda value: value["period"].pop("end"),
        lambda value: value["period"].update(end=value["period"]["start"]),
    ],
)
def test_what_an_authorisation_may_be(change):
    finding = changed("authorisation", change)
    assert finding.problems == () and finding.content.grant is not None


AUTHORISATION_FAULTS = [
    (acting("agent", "agent-consent", subject_role="deceased"), "filing-agent-subject", "subjectRole"),
    (acting("agent", "agent-consent", "B223456782"), "filing-grantor-role", "grantor.role"),
    (acting("agent", "representative-consent"), "filing-basis-differs", "basis"),
    (acting("representative", "agent-consent"), "filing-basis-differs", "basis"),
    (acting("heir", "heir-consent", subject_role="injured"), "filing-heir-subject", "subjectRole"),
    (acting("self", "written-consent"), "filing-grantor-role", "grantor.role"),
    (acting("heir", "heir-consent", "B223456782"), "filing-grantor-role", "grantor.role"),
    (acting("heir", "written-consent"), "filing-basis-differs", "basis"),
    (acting("representative", "heir-consent"), "filing-basis-differs", "basis"),
    (acting("self", "representative-consent", "B223456782"), "filing-basis-differs", "basis"),
    (lambda v: v["grantor"].update(identifier="B223456783"), "filing-person-identifier", "grantor.identifier"),
    (lambda v: v["subject"].update(identifier="B223456783"), "filing-person-identifier", "subject.identifier"),
    (lambda v: v["recipients"].append("74643671"), "filing-company-number", "recipients[2]"),
    (lambda v: v["period"].update(end="2025-09-04"), "filing-period-reversed", "period"),
    (lambda v: v["period"].update(start="0114-09-05"), "filing-roc-date", "period.start"),
    (lambda v: v["period"].update(start="114年9月5日"), "filing-roc-date", "period.start"),
    (lambda v: v["loss"].update(date="2027-01-01"), "filing-loss-in-future", "loss.date"),
    (lambda v: v.update(subjectRole="friend"), "schema", "subjectRole"),
    (lambda v: v.update(classes=["secrets"]), "schema", "classes[0]"),
    (lambda v: v.update(classes=[]), "schema", "classes"),
    (lambda v: v.update(purpose="marketing"), "schema", "purpose"),
]


@pytest.mark.parametrize(("change", "code", "path"), AUTHORISATION_FAULTS)
def test_what_refuses_an_authorisation(change, code, path):
    finding = changed("authorisation", change)
    assert (code, path) in [(one.code, one.path) for one in finding.problems]
    assert finding.content is None


def test_the_view_of_a_mandate():
    finding = check("mandate", example("mandate"))
    assert finding.problems == ()
    assert finding.content == Mandate(
        identity="CL01-M-000012",
        version="000000000001",
        principal="B223456782",
        agent="A123456789",
        scope=(Act.APPLICATION, Act.AUTHORISATION),
        start="2025-09-05",
        end="2026-03-04",
    )
    assert changed("mandate", lambda value: value.update(status="entered-in-error")).content.withdrawn
    assert changed("mandate", lambda value: value["period"].pop("end")).content.end is None


MANDATE_FAULTS = [
    (lambda v: v["principal"].update(identifier="B223456783"), "filing-person-identifier", "principal.identifier"),
    (lambda v: v["agent"].update(identifier="A123456788"), "filing-person-identifier", "agent.identifier"),
    (lambda v: v["agent"].update(identifier="ｂ223-456782"), "filing-agent-is-principal", "agent.identifier"),
    (lambda v: v["period"].update(end="2025-09-04"), "filing-period-reversed", "period"),
    (lambda v: v["period"].update(end="0115-03-04"), "filing-roc-date", "period.end"),
    (lambda v: v.update(scope=["paper"]), "schema", "scope[0]"),
    (lambda v: v.update(scope=["application"] * 2), "schema", "scope"),
    (lambda v: v.pop("evidence"), "schema", "evidence"),
]


@pytest.mark.parametrize(("change", "code", "path"), MANDATE_FAULTS)
def test_what_refuses_a_mandate(change, code, path):
    finding = changed("mandate", change)
    assert (code, path) in [(one.code, one.path) for one in finding.problems]
    assert finding.content is None


AGENT = {"identifier": "a123-456789", "name": "林志明"}


def test_who_acts_for_whom_is_told_of_an_agent_and_of_nobody_else():
    """The agent is no person of the loss: he links no cases, and papers are not about him."""
    own = changed("application", lambda value: None).content
    by_agent = changed("application", lambda value: value.update(agent=AGENT)).content
    assert own.acting is None
    assert by_agent.acting == Acting(agent="A123456789", principal="B223456782", day="2026-09-20", act=Act.APPLICATION)
    assert (by_agent.persons, by_agent.parts) == (own.persons, own.parts)
    assert by_agent.content != own.content, "what she files herself is no repetition of what he filed"
    assert changed("authorisation", acting("representative", "representative-consent")).content.acting is None
    given = changed("authorisation", acting("agent", "agent-consent")).content
    assert given.acting == Acting(agent="B223456782", principal="A123456789", day="2026-09-20", act=Act.AUTHORISATION)
    assert given.persons == ("A123456789",) and given.grant.grantor_role == "agent"


@pytest.mark.parametrize(
    ("agent", "code"),
    [("A123456788", "filing-person-identifier"), ("B223456782", "filing-agent-is-principal")],
)
def test_what_refuses_an_application_by_an_agent(agent, code):
    finding = changed("application", lambda value: value.update(agent=AGENT | {"identifier": agent}))
    assert [(one.code, one.path) for one in finding.problems] == [(code, "agent.identifier")]


def test_reviews_judgements_and_participants():
    assert check("review", example("review")).content == Review(decision="approve", reason="簽名與身分證影本相符")
    judgement = example("judgement")
    assert check("judgement", judgement).content == Judgement(
        identity="J-2025-0007",
        version="000000000001",
        judgement="same",
        records=tuple(judgement["records"]),
        reason=judgement["reason"],
    )
    withdrawn = check("judgement", judgement | {"version": 2, "status": "entered-in-error"}).content
    assert (withdrawn.version, withdrawn.withdrawn) == ("000000000002", True)
    key = {"kty": "OKP", "crv": "X25519", "x": "m6k_fDB8QSLJlHbVhrmd7Dtwy3u6rY1Oyg5rD6_QPmc", "kid": "2026-11"}
    change = example("participant") | {"keys": [key], "endpoints": ["https://hospital.example/"]}
    assert check("participant", change).content == ParticipantChange(
        name="晴川綜合醫院",
        roles=("hospital",),
        status="admitted",
        keys=(key,),
        endpoints=("https://hospital.example/",),
    )


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("review", {"decision": "perhaps"}),
        ("review", {"reason": ""}),
        ("judgement", {"records": ["x", "y"]}),
        ("judgement", {"judgement": "erase"}),
        ("participant", {"roles": ["owner"]}),
        ("participant", {"status": "asleep"}),
    ],
)
def test_what_refuses_them(kind, change):
    finding = check(kind, example(kind) | change)
    assert finding.content is None and {one.code for one in finding.problems} == {"schema"}


def test_a_withdrawal_is_never_refused():
    assert check("withdrawal", b"").problems == () and check("withdrawal", b"").content == Withdrawal()
    finding = check("withdrawal", b'{"why": 1}')
    assert [one.code for one in finding.problems] == ["withdrawal-body"] and finding.content == Withdrawal()


@pytest.mark.parametrize(
    "kind", ["application", "authorisation", "mandate", "dispute", "review", "judgement", "participant"]
)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json-invalid"),
        (b'{"id": 1,}', "json-invalid"),
        (b'{"id": 1, "\\u0069d": 2}', "json-duplicate-key"),
        (b"[" * 100 + b"]" * 100, "json-too-deep"),
        (b"\xff", "not-utf8"),
        (b"null", "schema"),
    ],
)
def test_what_is_no_json_object(kind, body, code):
    finding = check(kind, body)
    assert finding.content is None and finding.problems[0].code == code


def test_a_dispute_to_another_insurer_or_further_on_is_another_thing():
    first = example("dispute") | {"insurers": ["82916473", "74643675"]}
    days = {"applied": "2025-10-01", "received": "2025-11-20"}
    others = [first | {"insurers": ["95753514"]}, first | {"assessment": days}]
    contents = [check("dispute", one).content.content for one in (first, *others)]
    assert len(set(contents)) == 3
    again = check("dispute", first | {"insurers": first["insurers"][::-1], "id": "another"}).content.content
    assert again == contents[0]


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        ({"applied": "2025-10-01"}, None),
        ({"received": "2025-11-20"}, None),  # of an assessment that somebody else applied for
        ({"received": "2025-11-20", "reapplied": "2025-12-01"}, None),
        ({"reapplied": "2025-12-01"}, ("dispute-stage-missing", "assessment.received")),
        ({"applied": "2025-10-01", "reapplied": "2025-12-01"}, ("dispute-stage-missing", "assessment.received")),
        ({"received": "2025-12-02", "reapplied": "2025-12-01"}, ("dispute-days-reversed", "assessment")),
    ],
)
def test_the_stages_of_an_assessment_come_in_their_order(days, problem):
    found = check("dispute", example("dispute") | {"assessment": days}).problems
    assert [(one.code, one.path) for one in found] == ([problem] if problem else [])


@pytest.mark.parametrize("kind", ["application", "authorisation", "mandate", "dispute", "judgement"])
def test_status_and_version(kind):
    finding = changed(kind, lambda value: value.update(version=41, status="entered-in-error"))
    assert finding.content.version == "000000000041"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_record_has_its_check(kind):
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=kind,
        sender="CL01",
        role=Role.CLAIMLINK,
        method="POST",
        path="/",
        sha256=sha256(b"").hexdigest(),
        size=0,
        media_type="application/json",
        received=RECEIVED,
    )
    finding = dispatch.check(record, b"", None)
    assert (finding.content is None) == errors(finding.problems) == (kind != Kind.WITHDRAWAL)


IDENTIFIERS = [
    ("A123456789", True),
    ("a123456789", True),
    ("Ａ１２３４５６７８９", True),
    ("A123-456-789", True),
    ("A123456788", False),
    ("A323456789", False),
    ("AC01234567", True),
    ("AC01234568", False),
    ("A800000014", True),
    ("A800000015", False),
    ("P1234567", True),
    ("301234567", True),
    ("X1", False),
    ("護照1234567", False),
    ("A" * 21, False),
]


@pytest.mark.parametrize(("identifier", "sound"), IDENTIFIERS)
def test_identifiers_of_persons(identifier, sound):
    assert person.sound(person.normal(identifier)) == sound


@given(
    st.sampled_from(["application", "authorisation", "mandate", "dispute", "review", "judgement", "participant"]),
    st.data(),
)
def test_any_value_in_any_place_is_checked_and_not_quoted(kind, data):
    secret = "祕密Z987654321"
    value = example(kind)
    holder, key = data.draw(st.sampled_from(list(_spots(value))))
    holder[key] = data.draw(st.sampled_from([secret, -1, None, [], {}, [secret], {"case": secret}, "114-09-03", 1.5]))
    finding = check(kind, value)
    assert (finding.content is None) == errors(finding.problems)
    assert all(secret not in found.model_dump_json() for found in finding.problems)


def _spots(value: object):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield value, key
        yield from _spots(child)


@given(
    st.sampled_from([kind for kind in Kind if kind not in (Kind.DOCUMENT, Kind.ACCIDENT, Kind.ACCIDENT_FILE)]),
    st.binary(max_size=80),
)
def test_any_bytes_are_checked(kind, body):
    finding = check(kind, body)
    assert (finding.content is None) == errors(finding.problems)
