"""What hospitals find and charge: specs of documents for an injury, an illness or an operation, drawn from a seed."""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.sandbox.documents import Line, Operation, Spec, Test
from services.sandbox.participants import Hospital
from services.sandbox.persons import Person
from services.sandbox.places import TAIPEI

_INJURIES = (
    (("S52.501A", "右側橈骨遠端閉鎖性骨折"), ("S80.212A", "左膝擦傷")),
    (("S82.201A", "右側脛骨骨幹閉鎖性骨折"),),
    (("S42.001A", "右側鎖骨閉鎖性骨折"), ("S40.011A", "右肩挫傷")),
    (("S06.0X0A", "腦震盪，未伴有意識喪失"), ("S00.83XA", "頭部其他部位挫傷")),
    (("S93.401A", "右側踝部韌帶扭傷"),),
    (("S13.4XXA", "頸椎韌帶扭傷"), ("S20.219A", "前胸壁挫傷")),
)
_ILLNESSES = (
    ("AF", "血液腫瘤科", (("C18.9", "大腸惡性腫瘤"), ("Z51.11", "化學治療"))),
    ("02", "內科", (("J18.9", "肺炎"),)),
    ("02", "內科", (("E11.9", "第二型糖尿病"), ("I10", "本態性高血壓"))),
    ("08", "泌尿科", (("N20.0", "腎結石"),)),
    ("12", "神經科", (("G43.909", "偏頭痛"),)),
)
_OPERATIONS = (
    (("K35.80", "急性闌尾炎"), ("0DTJ4ZZ", "腹腔鏡闌尾切除術")),
    (("K80.00", "膽囊結石併急性膽囊炎"), ("0FT44ZZ", "腹腔鏡膽囊切除術")),
    (("K40.90", "單側腹股溝疝氣"), ("0YQ54ZZ", "腹腔鏡腹股溝疝氣修補術")),
)
_TESTS = (
    ("6690-2", "白血球計數", "10*3/uL", 4.0, 10.0),
    ("718-7", "血色素", "g/dL", 12.0, 16.0),
    ("777-3", "血小板計數", "10*3/uL", 150.0, 400.0),
    ("1988-5", "C反應性蛋白", "mg/L", 0.0, 5.0),
)
_DOCTORS = ("葉之衡", "紀文謙", "倪季川", "尹書毓", "祝思澄", "陶知行", "岑予安", "鄺星硯")
_TECHNICIANS = ("顧品言", "柯映青", "詹語溪")
_ADVICE = (
    "宜休養兩週，門診追蹤治療。",
    "宜休養六週，門診追蹤治療。",
    "宜避免負重，一個月後回診。",
    "宜規則服藥，定期回診。",
)
COPAYMENT = 10  # per cent of the points, of an acute stay up to 30 days


@dataclass(frozen=True)
class Visit:
    """Who goes where and when. `mark`: unique within the scenario, stands in every number of the document."""

    hospital: Hospital
    person: Person
    insurer: str
    day: date
    mark: str


def outpatient_lines(rng: random.Random, injury: bool) -> tuple[Line, ...]:
    lines = [
        Line("REGISTRATION", "掛號費", "patient", 1, rng.choice((100, 150, 200))),
        Line("PART", "門診基本部分負擔", "patient", 1, rng.choice((80, 240, 420))),
        Line("DIAG", "診察費", "nhi", 1, rng.choice((284, 354, 414))),
        Line("RADO", "放射線診療費", "nhi", rng.choice((1, 2)), 200),
        Line("THRP", "治療處置費", "nhi", 1, rng.randrange(300, 1_500)),
        Line("DRUG", "藥費", "nhi", rng.choice((7, 14, 21, 28)), rng.randrange(3, 40)),
        Line("DSVC", "藥事服務費", "nhi", 1, 59),
    ]
    if injury:
        lines.insert(5, Line("METR", "特殊材料費（輕質護具）", "patient", 1, rng.randrange(300, 3_000)))
    lines.append(Line("CERTIFICATE", "證明書費", "patient", rng.choice((1, 2)), 100))
    return tuple(lines)


def inpatient_lines(rng: random.Random, days: int) -> tuple[Line, ...]:
    lines = [
        Line("ROOM", "病房費", "nhi", days, 1_182),
        Line("ROOM", "病房費差額（雙人房）", "patient", max(days - 1, 1), rng.choice((1_800, 2_400))),
        Line("DIAG", "診察費", "nhi", days, 373),
        Line("AMIN", "檢查費", "nhi", 1, rng.randrange(900, 3_000)),
        Line("RADO", "放射線診療費", "nhi", 1, 3_800),
        Line("SGRY", "手術費", "nhi", 1, rng.randrange(8_000, 14_000)),
        Line("ANE", "麻醉費", "nhi", 1, 5_120),
        Line("METR", "特殊材料費（腹腔鏡耗材）", "patient", 1, rng.randrange(8_000, 20_000)),
        Line("DRUG", "藥費", "nhi", 1, rng.randrange(500, 3_000)),
        Line("DSVC", "藥事服務費", "nhi", days, 52),
        Line("MEAL", "伙食費", "patient", 2 * days, 110),
        Line("CERTIFICATE", "證明書費", "patient", 1, 150),
    ]
    points = sum(line.net for line in lines if line.payer == "nhi")
    lines.append(Line("PART", "住院部分負擔（急性病房30日內10%）", "patient", 1, round(points * COPAYMENT / 100)))
    return tuple(lines)


def tests(rng: random.Random, count: int) -> tuple[Test, ...]:
    made = []
    for loinc, name, unit, low, high in _TESTS[:count]:
        made.append(Test(loinc, name, round(rng.uniform(low * 0.6, high * 1.5), 1), unit, low, high))
    return tuple(made)


def _spec(rng: random.Random, visit: Visit, start: datetime, end: datetime) -> Spec:
    """What every visit has; the caller says what was found and done. Written 20 to 90 minutes after the visit."""
    own, mark = visit.hospital, visit.mark
    year = end.year - 1911
    written = end + timedelta(minutes=rng.randrange(20, 90))
    return Spec(
        hospital=own,
        person=visit.person,
        number=f"{own.prefix}-{year}{end:%m%d}-{mark}",
        written=written,
        sent=written + timedelta(minutes=rng.randrange(30, 240), seconds=rng.randrange(60)),
        kind="AMB",
        department=("06", "骨科"),
        encounter=f"{year}{end:%m%d}{mark}",
        start=start,
        end=end,
        diagnoses=(),
        advice=rng.choice(_ADVICE),
        certificate=f"{year}-{own.prefix}-{mark}",
        receipt=f"R{year}{end:%m%d}-{mark}",
        lines=(),
        doctor=(f"{own.prefix}{rng.randrange(100, 9_999):05d}", rng.choice(_DOCTORS)),
        insurer=visit.insurer,
        member=f"M{mark}",
        sections=rng.random() < 0.5,
    )


def injury(rng: random.Random, visit: Visit, loss: datetime, *, first: bool, dated: bool, place: str) -> Spec:
    """A visit after an accident: at once to the emergency room, or later. `dated`: it names the accident's day."""
    if first:
        start = loss + timedelta(minutes=rng.randrange(25, 70))
    else:
        start = datetime.combine(visit.day, datetime.min.time(), TAIPEI) + timedelta(minutes=rng.randrange(500, 960))
    spec = _spec(rng, visit, start, start + timedelta(minutes=rng.randrange(40, 150)))
    return replace(
        spec,
        kind="EMER" if first else "AMB",
        department=("22", "急診醫學科") if first else ("06", "骨科"),
        diagnoses=rng.choice(_INJURIES),
        lines=outpatient_lines(rng, injury=True),
        accident=loss.date().isoformat() if dated else None,
        accident_place=place if dated else None,
    )


def illness(rng: random.Random, visit: Visit, *, tested: bool) -> Spec:
    """A visit to the clinic without an accident, with a laboratory report if `tested`."""
    start = datetime.combine(visit.day, datetime.min.time(), TAIPEI) + timedelta(minutes=rng.randrange(500, 900))
    code, department, diagnoses = rng.choice(_ILLNESSES)
    spec = _spec(rng, visit, start, start + timedelta(minutes=rng.randrange(40, 300)))
    spec = replace(spec, department=(code, department), diagnoses=diagnoses, lines=outpatient_lines(rng, injury=False))
    return with_tests(rng, spec, rng.choice((2, 3))) if tested else spec


def surgery(rng: random.Random, visit: Visit, *, tested: bool) -> Spec:
    """A stay of three to seven days with one operation."""
    start = datetime.combine(visit.day, datetime.min.time(), TAIPEI) + timedelta(minutes=rng.randrange(400, 1_300))
    end = datetime.combine(start.date() + timedelta(days=rng.randrange(2, 7)), datetime.min.time(), TAIPEI)
    end += timedelta(minutes=rng.randrange(560, 700))
    diagnosis, operation = rng.choice(_OPERATIONS)
    begun = datetime.combine(start.date() + timedelta(days=1), datetime.min.time(), TAIPEI) + timedelta(minutes=490)
    spec = replace(
        _spec(rng, visit, start, end),
        kind="IMP",
        department=("03", "外科"),
        diagnoses=(diagnosis,),
        lines=inpatient_lines(rng, (end.date() - start.date()).days + 1),
        operation=Operation(*operation, begun, begun + timedelta(minutes=rng.randrange(45, 140))),
        sections=True,
    )
    return with_tests(rng, spec, rng.choice((2, 4))) if tested else spec


def with_tests(rng: random.Random, spec: Spec, count: int) -> Spec:
    technician = (f"{spec.hospital.prefix}L{rng.randrange(100, 999)}", rng.choice(_TECHNICIANS))
    return replace(spec, tests=tests(rng, count), technician=technician)


def classes(spec: Spec) -> frozenset[str]:
    """The data classes of the document."""
    found = {"certificate", "receipt"}
    if spec.tests:
        found.add("laboratory")
    if spec.operation:
        found.add("operation")
    return frozenset(found)
