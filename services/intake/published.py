"""What anybody may read: the schemas of bodies and events, and the keys that receipts are verified with."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schemas import json as schema_files
from services.intake.refusal import Refusal

if TYPE_CHECKING:
    from services.embedded import System

SCHEMA_JSON = "application/schema+json"
CACHE = {"cache-control": "public, max-age=300"}  # they change with a release only


class PublicDoors:
    def __init__(self, system: "System") -> None:
        self._system = system

    def routes(self) -> list[Route]:
        return [
            Route("/schemas", self.schemas, methods=["GET"]),
            Route("/schemas/{name}", self.schema, methods=["GET"]),
            Route("/.well-known/jwks.json", self.jwks, methods=["GET"]),
        ]

    async def schemas(self, _: Request) -> Response:
        listed = [{"name": name, "url": f"/schemas/{name}", **_described(name)} for name in schema_files.names()]
        return JSONResponse({"schemas": listed}, headers=CACHE)

    async def schema(self, request: Request) -> Response:
        try:
            found = schema_files.load(request.path_params["name"])
        except KeyError:
            raise Refusal(404, "not-found", "There is no such schema; /schemas lists them.") from None
        return JSONResponse(found, media_type=SCHEMA_JSON, headers=CACHE)

    async def jwks(self, _: Request) -> Response:
        return JSONResponse(self._system.receipts.jwks(), media_type="application/jwk-set+json", headers=CACHE)


def _described(name: str) -> dict[str, object]:
    schema = schema_files.load(name)
    return {key: schema[key] for key in ("title", "description") if key in schema}
