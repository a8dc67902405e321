"""One small claim through the doors, for tests of what comes out: an upload of an injured person, and her consent."""

from dataclasses import dataclass

from schemas.ids import derive
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR, Json, dump, fresh
from tests.integration.running import Running

JSON = {"content-type": "application/json", "prefer": "wait=30"}


@dataclass(frozen=True)
class Claim:
    """`number` makes its person, plate and papers; `paper` and `authorisation` are record ids."""

    number: int
    file: bytes
    paper: str
    authorisation: str


def post(running: Running, path: str, body: bytes, code: str = CLAIMLINK, status: int = 201) -> str:
    with running.client(code) as client:
        answer = client.post(path, content=body, headers=JSON)
        assert answer.status_code == status, answer.text
        return str(answer.json()["record"])


def upload(running: Running, number: int, file: bytes, code: str = CLAIMLINK, **changes: object) -> str:
    with running.client(code) as client:
        files = bodies.upload(bodies.metadata(number, **changes), file)
        answer = client.post("/papers", files=files, headers={"prefer": "wait=30"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["record"])


def review(running: Running, authorisation: str, decision: str = "approve") -> None:
    post(running, f"/authorisations/{authorisation}/review", bodies.review(decision), OPERATOR)


def withdraw(running: Running, authorisation: str) -> None:
    with running.client(CLAIMLINK) as client:
        answer = client.delete(f"/authorisations/{authorisation}", headers={"prefer": "wait=30"})
        assert answer.status_code == 200, answer.text


def claim(running: Running, number: int | None = None, **changes: object) -> Claim:
    """A claim whose paper is offered to INSURER when this returns."""
    number = fresh() if number is None else number
    file = bodies.scan(number)
    paper = upload(running, number, file)
    authorisation = post(running, "/authorisations", bodies.authorisation(number, **changes))
    review(running, authorisation)
    running.settle()
    return Claim(number, file, paper, authorisation)


def judge(running: Running, judgement: str, *records: str) -> str:
    value = {
        "id": f"{judgement}-{derive(judgement, *records)}",
        "version": 1,
        "judgement": judgement,
        "records": list(records),
        "reason": "測試",
    }
    record = post(running, "/judgements", dump(value), OPERATOR)
    running.settle()
    return record


def set_status(running: Running, code: str, status: str) -> None:
    with running.client(OPERATOR) as client:
        now = client.get(f"/participants/{code}").json()
        body = {"name": now["name"], "roles": now["roles"], "status": status, "keys": [], "endpoints": []}
        answer = client.put(f"/participants/{code}", content=dump(body), headers=JSON)
        assert answer.status_code in (200, 201), answer.text
    running.tick()
    running.settle()


def case_of(running: Running, record: str, code: str = CLAIMLINK) -> str:
    running.settle()
    with running.client(code) as client:
        return str(client.get(f"/records/{record}").json()["case"])


def feed(running: Running, insurer: str = INSURER, after: int = 0) -> list[Json]:
    """Every event after a number, page by page."""
    events: list[Json] = []
    with running.client(insurer) as client:
        while True:
            page = client.get(f"/insurers/{insurer}/offers", params={"after": after}).json()
            if not page["events"]:
                return events
            events += page["events"]
            after = page["next"]


def standing(running: Running, insurer: str = INSURER) -> dict[str, set[str]]:
    """SHA-256 of the papers in the newest standing offer of each case."""
    views: dict[str, dict[int, set[str]]] = {}
    for event in feed(running, insurer):
        data, at = event["data"], views.setdefault(event["data"]["case"], {})
        if event["type"] == "claims.offer.withdrawn":
            for number in data["withdraws"]:
                at.pop(number, None)
        elif "papers" in data:
            at[event["offernumber"]] = {paper["sha256"] for paper in data["papers"]}
    return {case: numbers[max(numbers)] for case, numbers in views.items() if numbers}
