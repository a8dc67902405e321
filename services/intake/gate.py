"""The gate that every door but the public ones stands behind: who calls, how often, and whether they may.

`doors.application` puts the one `Turnstile` at `app.state.turnstile`.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request

from adapters.identity.tokens import Caller, Tokens
from adapters.stores import participants
from schemas.events import Encoded, Message, Verdict
from schemas.records import Kind, Participant, Role, Status
from schemas.topics import VERDICTS
from services.intake.rate import Buckets
from services.intake.refusal import Refusal

if TYPE_CHECKING:
    from services.embedded import System


class Turnstile:
    """Counts requests, and knows the participants by heart until a change of one is judged."""

    def __init__(self, system: "System", rate: float) -> None:
        self._system = system
        self._buckets = Buckets(rate)
        self._known: dict[str, Participant] = {}
        self._changes = 0  # how many changes were heard: what was read before one is not remembered after it
        system.host.listen(self._hear)

    def wait(self, code: str) -> float:
        """Seconds until this participant may come again, 0.0 when it may now."""
        return self._buckets.take(code, asyncio.get_running_loop().time())

    async def participant(self, code: str) -> Participant | None:
        if code in self._known:
            return self._known[code]
        changes = self._changes
        found = await self._system.read(lambda tx: participants.get(tx, code))
        if found is not None and changes == self._changes:
            self._known[code] = found
        return found

    def forget(self, code: str) -> None:
        self._changes += 1
        self._known.pop(code, None)

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        for message in messages:
            if isinstance(message, Message) and message.topic == VERDICTS.name and isinstance(message.event, Verdict):
                if message.event.record.kind == Kind.PARTICIPANT:
                    self.forget(message.event.record.target or "")


async def admit(request: Request, system: "System", tokens: Tokens, *roles: Role) -> Caller:
    """Who calls, in one of `roles` (none named: any). Refusal 401 without a valid token, 429 past the rate, 403 in
    another role or when the participant is not admitted, or no longer holds the role."""
    caller = tokens.caller(request.headers.get("authorization"))
    if caller is None:
        if request.headers.get("authorization"):
            code, why = "unknown-token", "This token is not known here; it may be of another sandbox."
        else:
            code, why = "no-token", "Send the header Authorization: Bearer <token>."
        raise Refusal(401, code, why, {"www-authenticate": "Bearer"})
    turnstile: Turnstile = request.app.state.turnstile
    if wait := turnstile.wait(caller.code):
        raise Refusal(
            429, "too-many-requests", "Slow down, and send again later.", {"retry-after": str(math.ceil(wait))}
        )
    if roles and caller.role not in roles:
        wanted = ", ".join(role.value for role in roles)
        raise Refusal(403, "wrong-role", f"This door is for: {wanted}. Use a token of that role.")
    participant = await turnstile.participant(caller.code)
    if participant is None or participant.status != Status.ADMITTED or caller.role not in participant.roles:
        raise Refusal(403, "not-admitted", "This participant is not admitted in this role; ask the operators.")
    return caller
