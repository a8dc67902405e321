"""The doors of the descriptions: what anybody may read before it has a token."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from services.intake.published import CACHE
from services.interface import asyncapi, openapi
from services.interface.words import JSON

if TYPE_CHECKING:
    from services.embedded import System


def routes(_: "System", __: Tokens) -> list[Route]:
    async def doors(_: Request) -> Response:
        return Response(openapi.text(), media_type=JSON, headers=CACHE)

    async def topics(_: Request) -> Response:
        return Response(asyncapi.text(), media_type=JSON, headers=CACHE)

    return [Route("/openapi.json", doors, methods=["GET"]), Route("/asyncapi.json", topics, methods=["GET"])]
