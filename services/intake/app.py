"""INTAKE's doors: every route by which a record comes in, and by which its sender reads of it."""

from typing import TYPE_CHECKING

from starlette.routing import Route

from adapters.identity.tokens import Tokens
from services.intake.fhir import FhirDoor
from services.intake.filings import FilingDoors
from services.intake.papers import PapersDoor
from services.intake.participants import ParticipantDoors
from services.intake.police import PoliceDoor
from services.intake.published import PublicDoors
from services.intake.records import RecordDoors

if TYPE_CHECKING:
    from services.embedded import System


def routes(system: "System", tokens: Tokens) -> list[Route]:
    rooms = (FhirDoor, PoliceDoor, PapersDoor, FilingDoors, ParticipantDoors, RecordDoors)
    return [*PublicDoors(system).routes(), *(route for room in rooms for route in room(system, tokens).routes())]
