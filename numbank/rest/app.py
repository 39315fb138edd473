"""The Starlette apps of the JSON APIs: routes from the registries, the key, the policy, a "no" in the shape of each API."""

from __future__ import annotations

import functools
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

from numbank.asgi import Gone, Receive, Scope, Send, TooSlow
from numbank.bodies import Bodies
from numbank.customers.keys import Customer, KeyRing, digest_of
from numbank.errors import MissingKey, Refusal, WrongKey
from numbank.hooks.model import HookRefused, Why
from numbank.messages.recordings import Playable
from numbank.policy.policy import Policy
from numbank.rest import hooks, pages, recordings  # noqa: F401  importing them registers their operations
from numbank.rest.call import NOBODY, Call
from numbank.rest.desks import Desks
from numbank.rest.openapi import document
from numbank.rest.problem import Refused
from numbank.rest.refusals import MAX_BODY, refused
from numbank.rest.registry import Api, Operation
from numbank.rest.v1 import V1
from numbank.rest.v2 import V2, emails, lists, money, purchases  # noqa: F401  importing them registers their operations

APIS = (V1, V2)
PREFIXES = tuple(f"{api.prefix}/" for api in APIS)
JSON = "application/json"
MAX_DIGITS = 18

STATUS = {Why.BAD: 422, Why.MISSING: 404, Why.TOO_MANY: 409, Why.TAKEN: 409, Why.BARRED: 409}
# What a stranger recorded is played or kept, never shown as a page of ours.
AS_A_FILE = {
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
    "cache-control": "private, no-store",
}
# Codes and texts of a customer are kept by nobody on the way.
NOT_KEPT = {"cache-control": "no-store"}
# What stands in for an operation where a request reached none.
NO_OPERATION = "?"


class RestWatch:
    """What the APIs tell about themselves; the server's metrics and access log override it."""

    def answered(self, operation: Operation | None, status: int, customer: Customer | None) -> None:
        """A call was answered; None for the operation: there is none."""

    def crashed(self, operation: str, error: Exception) -> None:
        """An operation raised what it should not; the caller got a 5xx."""


@functools.cache
def _shown(api: Api) -> bytes:
    """The document as it is served. Made once: a bank opens in half the time without it."""
    return msgspec.json.format(msgspec.json.encode(document(api)))


class Rest:
    """What the operations share."""

    def __init__(self, keys: KeyRing, policy: Policy, desks: Desks, watch: RestWatch) -> None:
        self._keys = keys
        self._policy = policy
        self._desks = desks
        self._watch = watch
        self._bodies = Bodies(MAX_BODY, desks.settings.http_body_s)
        self._apps = {api.prefix: self._app(api) for api in APIS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request under one of PREFIXES; a slash at the end is as if it were not there."""
        path: str = scope["path"]
        app = next(self._apps[api.prefix] for api in APIS if f"{path}/".startswith(f"{api.prefix}/"))
        if path.endswith("/"):
            scope = scope | {"path": path.rstrip("/")}
        await app(scope, cast("StarletteReceive", receive), cast("StarletteSend", send))

    def _app(self, api: Api) -> Starlette:
        """The app of one API, with full paths."""
        by_path: dict[str, dict[str, Operation]] = {}
        for each in api.operations:
            by_path.setdefault(each.path, {})[each.method] = each
        # Words before numbers: /emails/domains is no mailbox.
        paths = sorted(by_path.items(), key=lambda item: "{" in item[0])
        routes = [Route(path, Endpoint(self._answer, api, found)) for path, found in paths]
        shown = _shown(api)

        async def openapi(_request: Request) -> Response:
            return Response(shown, media_type=JSON)

        async def elsewhere(request: Request, error: Exception) -> Response:
            answer = _show(api, _http_refused(request, error))
            self._watch.answered(None, answer.status_code, None)
            return answer

        routes += [Route(f"{api.prefix}/openapi.json", openapi, methods=["GET"]), *pages.routes(api)]
        app = Starlette(routes=routes, exception_handlers={HTTPException: elsewhere})
        app.router.redirect_slashes = False
        return app

    async def _answer(self, api: Api, operation: Operation, request: Request) -> Response:
        customer: Customer | None = None
        try:
            customer = await self._customer(request, operation)
            answer = await self._carry_out(operation, request, customer or NOBODY)
        except Gone as gone:
            return Response(status_code=408 if isinstance(gone, TooSlow) else 400, headers={"connection": "close"})
        except (Refused, Refusal, HookRefused) as refusal:
            answer = _show(api, as_refused(refusal))
        except Exception as error:
            # Whatever happened, the client gets a clear answer and the operator the whole story.
            self._watch.crashed(operation.name, error)
            answer = _show(api, api.bug)
        self._watch.answered(operation, answer.status_code, customer)
        return answer

    async def _customer(self, request: Request, operation: Operation) -> Customer | None:
        scope = dict(request.scope)
        if operation.public:
            self._policy.admit_stranger(scope)
            return None
        key = _key(request, operation)
        if not key:
            raise MissingKey
        digest = digest_of(key)
        customer = self._keys.cached(digest)
        if customer is None:
            self._policy.before_key(scope, digest)
            customer = await self._keys.find(digest)
        if customer is None:
            self._policy.wrong_key(scope)
            raise WrongKey
        self._policy.good_key(digest)
        self._policy.admit(scope, customer.id, customer.requests_per_s)
        return customer

    async def _carry_out(self, operation: Operation, request: Request, customer: Customer) -> Response:
        body = await self._bodies.read(cast("Scope", request.scope), cast("Receive", request.receive))
        query = request.scope["query_string"].decode("utf-8", "replace")
        call = Call(customer, self._desks, _path_id(request), body, query, request.headers.get("content-type", ""))
        reply = await operation.function(call)
        if isinstance(reply, Playable):
            headers = {**AS_A_FILE, "content-length": str(reply.length)}
            return Played(self._desks.calls.audio(reply), operation.status, headers, reply.content_type)
        kept = None if operation.public else NOT_KEPT
        if reply is None:
            return Response(b"", operation.status, headers=kept)
        # A success with a reply where none is usual has a status of its own.
        status = operation.status if operation.reply is not None else operation.others[0][0]
        return Response(msgspec.json.encode(reply), status, headers=kept, media_type=JSON)


class Endpoint:
    """A path with all its methods. It takes every method: those that it does not know are not for a path with a number."""

    def __init__(
        self, answer: Callable[[Api, Operation, Request], Awaitable[Response]], api: Api, found: Mapping[str, Operation]
    ) -> None:
        self._answer = answer
        self._api = api
        self._operations = dict(found) | ({"HEAD": found["GET"]} if "GET" in found else {})

    async def __call__(self, scope: StarletteScope, receive: StarletteReceive, send: StarletteSend) -> None:
        """Answer, or 405 with the methods that there are."""
        request = Request(scope, receive)
        operation = self._operations.get(request.method)
        if operation is None:
            raise HTTPException(405, headers={"allow": ", ".join(sorted(self._operations))})
        answer = await self._answer(self._api, operation, request)
        await answer(scope, receive, send)


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


def as_refused(refusal: Refused | Refusal | HookRefused) -> Refused:
    """A "no" of the bank as a "no" of an API."""
    if isinstance(refusal, Refused):
        return refusal
    return Refused(STATUS[refusal.why], str(refusal)) if isinstance(refusal, HookRefused) else refused(refusal)


def _key(request: Request, operation: Operation) -> str:
    key = request.headers.get("x-api-key", "").strip()
    if not key:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = token.strip() if scheme.lower() == "bearer" else ""
    if not key and operation.key_in_query:
        key = request.query_params.get("api_key", "").strip()
    return key


def _path_id(request: Request) -> int:
    (text,) = request.path_params.values() or ("0",)
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise Refused(404, _nothing_at(request))
    return int(text)


def _nothing_at(request: Request) -> str:
    path: str = request.scope["path"]
    return f"there is nothing at {path}" if path.isprintable() else "there is nothing at this path"


def _show(api: Api, no: Refused) -> Response:
    return Response(api.shape.body(no), no.status, headers=no.headers, media_type=api.shape.media)


def _http_refused(request: Request, error: Exception) -> Refused:
    """What Starlette itself refuses: an unknown path, a wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    texts = {404: _nothing_at(request), 405: f"{request.method} is not possible here"}
    return Refused(status, texts.get(status, "the request cannot be read"), headers)
