"""The sandbox's police units, beside `claims up --sandbox`: the case number that a paper names says what its unit does.

So whoever tries the interchange sees each answer and each fault without a server of his own.
"""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import structlog

from schemas.records import Role
from services.sandbox.client import Client, Post, Unreachable
from services.sandbox.participants import POLICE
from services.sandbox.police_unit import Fault, Json, PoliceUnit
from services.sandbox.setup import Sandbox

WORDS = {f"-{word.upper()}": word for word in ("denied", "unknown", "refused")}
FAULTS = {f"-{fault.upper().replace(' ', '-')}": fault for fault in Fault}
PARTS = ("name", "roles", "status", "keys", "endpoints")  # the body of PUT /participants/{code}

logger = structlog.get_logger()


class ByCaseNumber(PoliceUnit):
    """Confirms what names a case number, and cannot tell of what names none. A number that ends in one of WORDS is answered so;
    in one of FAULTS, the question meets it once, and is answered when it is asked again."""

    path = "/sandbox/verifications"  # by it the next start knows the door of the one before

    def says(self, asked: Json) -> str:
        number = asked.get("policeCase", "-UNKNOWN")
        return next((word for end, word in WORDS.items() if number.endswith(end)), "confirmed")

    def fault(self, asked: Json) -> Fault | None:
        if [one["jti"] for one in self.asked].count(asked["jti"]) > 1:
            return None
        return next((fault for end, fault in FAULTS.items() if asked.get("policeCase", "").endswith(end)), None)


async def serve(sandbox: Sandbox) -> None:
    """Serves the units on ports of the own machine that are free, and registers their doors. Until cancelled."""
    async with Client(sandbox) as client:

        async def keys() -> Json:
            return (await client.get(None, "/.well-known/jwks.json")).json()  # type: ignore[no-any-return]

        async with asyncio.TaskGroup() as tasks:
            for code, _ in POLICE:
                unit = ByCaseNumber(code, keys)
                tasks.create_task(unit.serve())
                tasks.create_task(_register(client, unit))


async def _register(client: Client, unit: PoliceUnit) -> None:
    """Not in place of a door that somebody has registered himself."""
    try:
        known = await registered(client, unit.code)
        if any(urlsplit(url).path != unit.path for url in known["endpoints"]):
            logger.info("the unit has another door", unit=unit.code)
            return
        others = [one for one in known["keys"] if one["kid"] != unit.key.kid]
        await register(client, unit.code, known | {"keys": [*others, unit.public_key], "endpoints": [unit.url]})
        logger.info("the unit's door is registered", unit=unit.code)
    except Unreachable as error:
        logger.warning("the unit's door is not registered", unit=unit.code, why=str(error))


async def registered(client: Client, code: str) -> dict[str, Any]:
    """The participant as the register has it, in the form that changes it; Unreachable when it is not told."""
    operator = client.sandbox.of_role(Role.OPERATOR)[0].code
    answer = await client.get(operator, f"/participants/{code}")
    if answer.status != 200:
        raise Unreachable(f"Of participant {code} the answer was {answer.status}.")
    known = answer.json()
    return {part: known[part] for part in PARTS}


async def register(client: Client, code: str, body: dict[str, Any]) -> None:
    """Unreachable when the change is refused."""
    operator = client.sandbox.of_role(Role.OPERATOR)[0].code
    data = json.dumps(body, ensure_ascii=False).encode()
    answer = await client.send(Post(operator, "PUT", f"/participants/{code}", data, "application/json"))
    if answer.status not in (200, 201, 202):
        raise Unreachable(f"The change of participant {code} was answered with {answer.status}.")
