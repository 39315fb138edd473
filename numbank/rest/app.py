"""The Starlette app of the JSON API: routes from the registry, the key, the operator's policy, one shape of every "no"."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive as StarletteReceive
from starlette.types import Scope as StarletteScope
from starlette.types import Send as StarletteSend

from numbank.asgi import Gone, Receive, read_body
from numbank.customers.keys import Customer, KeyRing, digest_of
from numbank.errors import Overloaded, RateLimited, Refusal, RegionRefused, TooLarge
from numbank.hooks.desk import HookDesk
from numbank.hooks.model import HookRefused, Why
from numbank.messages.recordings import Playable
from numbank.policy.policy import Policy
from numbank.rest import hooks, recordings  # noqa: F401  importing them registers the operations
from numbank.rest.call import Call
from numbank.rest.openapi import document
from numbank.rest.problem import KIND, Refused
from numbank.rest.registry import OPERATIONS, Operation
from numbank.voice.desk import Calls

PREFIX = "/v1/"
JSON = "application/json"
# Bodies of this API are a few lines.
MAX_BODY = 16_384
MAX_DIGITS = 18

STATUS = {Why.BAD: 422, Why.MISSING: 404, Why.TOO_MANY: 409, Why.TAKEN: 409, Why.BARRED: 409}
# What a stranger recorded is played or kept, never shown as a page of ours.
AS_A_FILE = {
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
    "cache-control": "private, no-store",
}
KEY_NEEDED = "send the account's API key as X-API-Key or as Authorization: Bearer"
REFUSALS: tuple[tuple[type[Refusal], int, str], ...] = (
    (RegionRefused, 403, "this address is in a region that is not served"),
    (RateLimited, 429, "too many requests"),
    (Overloaded, 429, "too many requests at once"),
    (TooLarge, 413, f"the body is larger than {MAX_BODY} bytes"),
)
UNAVAILABLE = Refused(503, "the bank cannot do this now, try again")


class RestWatch:
    """What the API tells about itself; the server's metrics override it."""

    def answered(self, operation: str, status: int, customer: Customer | None) -> None:
        """A call was answered."""

    def crashed(self, operation: str, error: Exception) -> None:
        """An operation raised what it should not; the caller got a 503."""


class Rest:
    """What the operations share."""

    def __init__(self, keys: KeyRing, policy: Policy, desk: HookDesk, calls: Calls, watch: RestWatch) -> None:
        self._keys = keys
        self._policy = policy
        self._desk = desk
        self._calls = calls
        self._watch = watch

    def app(self) -> Starlette:
        """The app, with full paths under /v1."""
        routes = [Route(each.path, self._endpoint(each), methods=[each.method]) for each in OPERATIONS]
        shown = msgspec.json.format(msgspec.json.encode(document(OPERATIONS)))

        async def openapi(_request: Request) -> Response:
            return Response(shown, media_type=JSON)

        routes.append(Route("/v1/openapi.json", openapi, methods=["GET"]))
        app = Starlette(routes=routes, exception_handlers={HTTPException: _http_problem})
        app.router.redirect_slashes = False
        return app

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            customer: Customer | None = None
            try:
                customer = await self._customer(request, operation)
                answer = await self._carry_out(operation, request, customer)
            except Gone:
                return Response(status_code=400)
            except (Refused, Refusal, HookRefused) as refusal:
                answer = _problem(as_problem(refusal))
            except Exception as error:
                # Whatever happened, the client gets a clear answer and the operator the whole story.
                self._watch.crashed(operation.name, error)
                answer = _problem(UNAVAILABLE)
            self._watch.answered(operation.name, answer.status_code, customer)
            return answer

        return endpoint

    async def _customer(self, request: Request, operation: Operation) -> Customer:
        key = request.headers.get("x-api-key", "").strip()
        if not key:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            key = token.strip() if scheme.lower() == "bearer" else ""
        if not key and operation.key_in_query:
            key = request.query_params.get("api_key", "").strip()
        if not key:
            raise Refused(401, KEY_NEEDED, {"www-authenticate": "Bearer"})
        digest = digest_of(key)
        customer = self._keys.cached(digest)
        if customer is None:
            self._policy.before_key(dict(request.scope), digest)
            customer = await self._keys.find(digest)
        if customer is None:
            self._policy.wrong_key(dict(request.scope))
            raise Refused(401, "the API key is unknown or was revoked", {"www-authenticate": "Bearer"})
        self._policy.good_key(digest)
        self._policy.admit(dict(request.scope), customer.id, customer.requests_per_s)
        return customer

    async def _carry_out(self, operation: Operation, request: Request, customer: Customer) -> Response:
        body = await read_body(cast("Receive", request.receive), MAX_BODY)
        call = Call(customer, self._desk, self._calls, _path_id(request), body, dict(request.query_params))
        reply = await operation.function(call)
        if isinstance(reply, Playable):
            headers = {**AS_A_FILE, "content-length": str(reply.length)}
            return Played(self._calls.audio(reply), operation.status, headers, reply.content_type)
        content = b"" if reply is None else msgspec.json.encode(reply)
        return Response(content, operation.status, media_type=None if reply is None else JSON)


class Played(Response):
    """A recording in pieces. They are few: nobody has to listen for the client's leaving, as Starlette's own would."""

    def __init__(self, pieces: AsyncIterator[bytes], status: int, headers: Mapping[str, str], kind: str) -> None:
        super().__init__(None, status, headers, kind)
        self._pieces = pieces

    async def __call__(self, scope: StarletteScope, receive: StarletteReceive, send: StarletteSend) -> None:
        """Send it."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def as_problem(refusal: Refused | Refusal | HookRefused) -> Refused:
    """The problem that a refusal of the bank is."""
    if isinstance(refusal, Refused):
        return refusal
    if isinstance(refusal, HookRefused):
        return Refused(STATUS[refusal.why], str(refusal))
    return next((Refused(status, text) for kind, status, text in REFUSALS if isinstance(refusal, kind)), UNAVAILABLE)


def _path_id(request: Request) -> int:
    text = request.path_params.get("id", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise Refused(404, f"there is nothing at {request.url.path}")
    return int(text)


def _problem(refused: Refused) -> Response:
    return Response(refused.body, refused.status, headers=refused.headers, media_type=KIND)


async def _http_problem(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: an unknown path, a wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    texts = {404: f"there is nothing at {request.url.path}", 405: f"{request.method} is not possible here"}
    return _problem(Refused(status, texts.get(status, "the request cannot be read"), headers))
