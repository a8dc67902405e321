"""The medical receipt (醫療費用收據) as hospitals print it (facts 9.2, 9.3), from a Claim (facts 1.5).

NHI amounts are points, the patient's are money: they stand in columns of their own and are never added up together.
What is summed here is marked as reckoned; what the document says is drawn as it says it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.fhir.document import child, codes, number, word
from schemas import normalise
from services.conversion import paper_fields
from services.conversion.paper_fields import Row, Sheet, period, sequence, told
from services.conversion.paper_trace import Line, Node, Trace, Value, concept, field, joined, merged, silent
from services.conversion.paper_words import ACCIDENT
from services.validation.lines import NHI, PAY, payer
from services.validation.receipt import adds_up, currencies, sum_of

ITEMS = 1_000  # lines of one receipt that are drawn; a month in hospital has some hundreds
COPAY = "PART"  # the fee code of 部分負擔 (facts 11), as in NHI's column PART_DOT
DOLLAR = {"TWD": "NT$ "}
USE = {"preauthorization": "事前審查申請，並非收據", "predetermination": "費用預估，並非收據"}


@dataclass(frozen=True)
class Item:
    """A line of the receipt; `depth` 1 and 2 are details of the line above, which no total counts again."""

    depth: int
    number: Line
    name: Line
    days: Line
    quantity: Line
    price: Line
    points: Line
    money: Line
    unstated: Line  # an amount of which the line does not say who pays
    wrong: bool  # quantity times price is another amount


@dataclass(frozen=True)
class Table:
    """All lines. `left`: how many more are not drawn; sums are None when there is nothing, or not one currency, to add."""

    items: tuple[Item, ...]
    left: int
    points: str | None
    copay: str | None
    own: str | None
    total: Line
    verdict: str  # ok, wrong or unknown
    why: str
    unstated: bool


def receipts(trace: Trace, limit: int) -> tuple[list[Sheet], int]:
    """A sheet for each Claim, up to the limit, and how many there are."""
    claims = trace.typed("Claim")
    return [_receipt(trace, one) for one in claims[:limit]], len(claims)


def _receipt(trace: Trace, claim: Node) -> Sheet:
    encounters = [inner.target() for item in claim.each("item") for inner in item.each("encounter")]
    visits = paper_fields.visits(trace, encounters)[: paper_fields.VISITS]
    hospital = paper_fields.issuer(trace, claim.target("provider"))
    cases, numbers = _numbers(trace, claim)
    created = claim.day("created")
    rows: list[Row] = [
        *paper_fields.person_rows(paper_fields.subject(trace, claim, element="patient"))[:2],
        (field("身分別", *paper_fields.identity(visits), span=4), field("案件編號", joined(cases), span=8)),
        *paper_fields.visit_rows(visits),
    ]
    if days := period(claim.at("billablePeriod")):
        rows.append((field("費用期間", days),))
    rows += [row for row in (_insurers(claim), _accident(claim), _diagnoses(claim)) if row]
    return Sheet(
        kind="receipt",
        title=("醫療費用收據",),
        issuer=hospital.say("name"),
        numbers=(field("收據號碼", joined(numbers), expected=claim.at("identifier")),),
        rows=tuple(rows),
        remark=(
            *told(claim),
            *((" 【", *claim.say("use", words=USE), "】") if word(claim.value, "use") in USE else ()),
        ),
        closing=tuple(paper_fields.hospital_rows(hospital)),
        issued=field("開立日期", created, expected=claim.at("created")),
        table=_table(claim),
    )


def _numbers(trace: Trace, claim: Node) -> tuple[list[Value], list[Value]]:
    """(case numbers, receipt numbers): the case number is the document's own."""
    bundle, composition = trace.document.bundle, trace.document.composition
    own = {normalise.text(word(child(one, "identifier"), "value")) for one in (bundle, composition)} - {""}
    cases: list[Value] = []
    numbers: list[Value] = []
    for one in claim.each("identifier"):
        (cases if normalise.text(word(one.value, "value")) in own else numbers).extend(one.say("value"))
    return cases, numbers


def _insurers(claim: Node) -> Row:
    """Each coverage: the insurer, her number of the policy or member, and the plan."""
    lines: list[Line] = []
    for one in claim.each("insurance")[: paper_fields.VISITS]:
        coverage = one.target("coverage")
        payors = [reference.target().say("name") or reference.say("display") for reference in coverage.each("payor")]
        numbers = [value for number in coverage.each("identifier") for value in number.say("value")]
        numbers += coverage.say("subscriberId")
        plans = [value for plan in coverage.each("class") for value in (*plan.say("value"), *plan.say("name"))]
        parts = (joined([value for payor in payors for value in payor]), joined(merged(numbers)), joined(plans, " "))
        line = sequence(*parts)
        if line:
            lines.append(line)
    return (field("保險人及保單號碼", *lines, expected=claim.at("insurance")),)


def _accident(claim: Node) -> Row:
    accident = claim.at("accident")
    if not accident:
        return ()
    place = accident.at("locationAddress").say("text") or accident.target("locationReference").say("name")
    parts = (accident.day("date"), concept(accident.at("type"), ACCIDENT), place)
    return (field("事故", sequence(*parts)),)


def _diagnoses(claim: Node) -> Row:
    lines: list[Line] = []
    for one in claim.each("diagnosis")[: paper_fields.VISITS]:
        said = concept(one.target("diagnosisReference").at("code")) or concept(one.at("diagnosisCodeableConcept"))
        if said:
            lines.append((*one.say("sequence"), ". ", *said))
    return (field("診斷", *lines),) if lines else ()


def _table(claim: Node) -> Table:
    items = claim.each("item")
    drawn: list[Item] = []
    left = 0
    for item in items:
        for depth, node in _levels(item):
            if len(drawn) < ITEMS:
                drawn.append(_item(depth, node, item))
            else:
                left += 1
    points = [item for item in items if payer(item.value) == NHI]  # type: ignore[arg-type]
    paid = [item for item in items if payer(item.value) == PAY]  # type: ignore[arg-type]
    copay = [item for item in paid if COPAY in codes(item.value, "productOrService")]
    rest = [item for item in paid if COPAY not in codes(item.value, "productOrService")]
    verdict, why = _verdict(claim, items, paid, bool(points or paid))
    return Table(
        items=tuple(drawn),
        left=left,
        points=_sum(points, "點"),
        copay=_sum(copay, "元"),
        own=_sum(rest, "元"),
        total=_money(claim.at("total")),
        verdict=verdict,
        why=why,
        unstated=any(one.unstated for one in drawn),
    )


def _levels(item: Node) -> list[tuple[int, Node]]:
    """A line, its details and theirs, in order of print."""
    found = [(0, item)]
    for detail in item.each("detail"):
        found += [(1, detail), *((2, inner) for inner in detail.each("subDetail"))]
    return found


def _item(depth: int, node: Node, item: Node) -> Item:
    days = node.day("servicedDate", short=True) or period(node.at("servicedPeriod"), short=True)
    who = payer(node.value) or payer(item.value)  # type: ignore[arg-type]
    codings = [coding for modifier in node.each("modifier") for coding in modifier.each("coding")]
    payers = [code for coding in codings for code in coding.say("code") if code.raw in (NHI, PAY)]
    net = (*silent(payers), *_money(node.at("net")))  # who pays is said by the column
    quantity = node.at("quantity")
    factor = node.amount("factor")
    return Item(
        depth=depth,
        number=node.say("sequence"),
        name=(*concept(node.at("productOrService")), *(("×", *factor) if factor else ())),
        days=days,
        quantity=(*quantity.amount("value"), *(quantity.say("unit") or quantity.say("code"))),
        price=_money(node.at("unitPrice")),
        points=net if who == NHI else (),
        money=net if who == PAY else (),
        unstated=net if not who else (),
        wrong=not adds_up(node.value),  # type: ignore[arg-type]
    )


def _money(node: Node) -> Line:
    """An amount with its currency. Points have none, and then nothing is put before them."""
    currency = node.say("currency", words=DOLLAR)
    amount = node.amount("value")
    if currency and currency[0].text == currency[0].raw:
        currency = (replace(currency[0], text=f"{currency[0].text} "),)
    return (*currency, *amount) if amount else ()


def _sum(items: list[Node], unit: str) -> str | None:
    """The sum of the lines' amounts with its unit; None when there are none, one has no amount, or they are of several
    currencies."""
    total = _reckoned(items)
    if total is None or not items:
        return None
    foreign = _currencies(items) - {"TWD"}
    return f"{total:,} {''.join(foreign) or unit}"


def _currencies(items: list[Node]) -> set[str]:
    return currencies(item.value for item in items)  # type: ignore[misc]


def _reckoned(items: list[Node]) -> Decimal | None:
    return sum_of(item.value for item in items) if len(_currencies(items)) <= 1 else None  # type: ignore[misc]


def _verdict(claim: Node, items: list[Node], paid: list[Node], stated: bool) -> tuple[str, str]:
    """Whether the lines add up to the total: the patient's, or all when none says who pays (facts 1.5)."""
    total = number(claim.value, "total", "value")
    counted = paid if stated else items
    reckoned = _reckoned(counted)
    currencies = _currencies(counted) | ({word(claim.value, "total", "currency")} - {""})
    what = "自付各項" if stated else "各項"
    if total is None:
        return "unknown", "收據未載明總額，無從核對"
    if reckoned is None or not items or len(currencies) > 1:
        return "unknown", f"{what}金額不全或幣別不一，無從核對"
    if reckoned != total:
        return "wrong", f"核算不符：{what}合計 {reckoned:,}，與總額不同"
    return "ok", f"核算相符：{what}合計等於總額"
