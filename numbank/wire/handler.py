"""handler_api.php as a plain ASGI app: bytes -> call -> action -> bytes; every "no" becomes a word, always HTTP 200.

Order of checks: key present, key valid, region and rate (docs/policy.md), action known, then the action's own
(protocol.md 12.1, 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

import msgspec

from numbank.asgi import Gone, Receive, Scope, Send, answer_start, respond, respond_gone
from numbank.bodies import Bodies
from numbank.customers.keys import Customer, digest_of
from numbank.errors import MissingKey, Refusal, Unavailable, UnknownAction, WrongKey

# Importing them registers their actions.
from numbank.wire import (  # noqa: F401
    activation,
    balance,
    catalogue,
    history,
    mail,
    more_leases,
    prices,
    rent,
    software,
    top,
    voice,
)
from numbank.wire.call import Call, whole
from numbank.wire.desks import Desks
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.fields import parse_multipart, parse_urlencoded
from numbank.wire.page import Page, send_long, send_page
from numbank.wire.registry import Action

TEXT = b"text/html; charset=UTF-8"
JSON = b"application/json"
# Longer bodies are parsed in a thread: 1 MB of escapes takes 100 ms.
LONG_BODY = 16_384
# What polls ask is parsed once: the fields of so many short query strings are kept, some megabytes at most.
QUERIES_REMEMBERED = 16_384
LONGEST_REMEMBERED = 256
NO_BODY = frozenset({"GET", "HEAD"})


class WireWatch:
    """What the wire tells about itself; the server's metrics and access log override it."""

    def answered(self, action: Action | None, refused: str, customer: Customer | None) -> None:
        """A call was answered; `refused` is the word of a refusal, or empty. A success may hold a code: it is not shown."""

    def crashed(self, action: str, error: Exception) -> None:
        """An action raised what it should not; the caller got ERROR_SQL."""


class Wire:
    """All dialects on their paths."""

    def __init__(self, desks: Desks, watch: WireWatch, dialects: Iterable[Dialect] = DIALECTS) -> None:
        self._desks = desks
        self._keys = desks.keys
        self._max_fields = desks.settings.max_fields
        self._bodies = Bodies(desks.settings.max_body_bytes, desks.settings.http_body_s)
        self._policy = desks.policy
        self._long = desks.settings.compress_from_bytes
        self._watch = watch
        self._remembered: dict[bytes, Request] = {}
        # Plain dicts: a dialect that derives its actions from another's looks them up in two places.
        mounted = [msgspec.structs.replace(dialect, actions=dict(dialect.actions)) for dialect in dialects]
        self.paths = {path + slash: dialect for dialect in mounted for path in dialect.paths for slash in ("", "/")}
        self._base = mounted[0]
        self._by_name = {dialect.name: dialect for dialect in mounted}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose path is one of `paths`. Flat and without detours: every poll comes this way (engine 8)."""
        dialect = self.paths[scope["path"]]
        action: Action | None = None
        customer: Customer | None = None
        try:
            query = scope["query_string"]
            request = self._remembered.get(query) or self._understood(query)
            if scope["method"] not in NO_BODY:
                request = understand(await self._form(scope, receive) | request.fields)  # the query wins
            action = dialect.actions.get(request.action)
            if request.digest is None:
                raise MissingKey  # noqa: TRY301  one place turns every refusal into its word
            # From memory if the answer there is fresh.
            customer = self._keys.cached(request.digest) or await self._customer(request.digest, scope)
            if customer.dialect and dialect is self._base:
                # The path comes first, then the account's setting; until the key is known the path alone tells.
                dialect = self._by_name.get(customer.dialect, dialect)
                action = dialect.actions.get(request.action)
            if self._policy.watching or customer.requests_per_s:
                self._policy.admit(scope, customer.id, customer.requests_per_s)
            if action is None:
                raise UnknownAction  # noqa: TRY301
            call = Call(request.fields, customer, self._desks, request.id)
            reply = await action.function(call)
            if action.shown is not None:
                reply = action.shown(call, reply)
        except Refusal as refusal:
            await self._refuse(send, dialect, action, customer, refusal)
        except Gone as gone:
            await respond_gone(send, gone)
        except Exception as error:
            # Whatever happened, the client gets the documented word and the operator the whole story.
            self._watch.crashed(action.name if action is not None else "?", error)
            await self._refuse(send, dialect, action, customer, Unavailable())
        else:
            self._watch.answered(action, "", customer)
            if type(reply) is bytes and len(reply) < self._long:
                # What `respond` does, without one more coroutine.
                await send(answer_start(JSON if action.json and reply[:1] in b"{[" else TEXT, len(reply)))
                await send({"type": "http.response.body", "body": reply})
            else:
                await self._reply(scope, send, action, reply)

    def _understood(self, query: bytes) -> Request:
        """A query string, understood. A client that polls sends the same bytes again and again: short ones are kept."""
        request = understand(parse_urlencoded(query, self._max_fields))
        if len(query) <= LONGEST_REMEMBERED:
            if len(self._remembered) >= QUERIES_REMEMBERED:
                self._remembered.clear()
            self._remembered[query] = request
        return request

    async def _reply(self, scope: Scope, send: Send, action: Action, reply: bytes | Page) -> None:
        """An answer that is worth compressing."""
        if isinstance(reply, Page):
            safe = scope["method"] in NO_BODY
            await send_page(send, reply, JSON if action.json else TEXT, scope["headers"], safe=safe, least=self._long)
        else:
            await send_long(send, reply, JSON if action.json and reply[:1] in b"{[" else TEXT, scope["headers"])

    async def _customer(self, digest: bytes, scope: Scope) -> Customer:
        """The customer of a key that is not at hand."""
        self._policy.before_key(scope, digest)
        customer = await self._keys.find(digest)
        if customer is None:
            self._policy.wrong_key(scope)
            raise WrongKey
        self._policy.good_key(digest)
        return customer

    async def _refuse(
        self, send: Send, dialect: Dialect, action: Action | None, customer: Customer | None, refusal: Refusal
    ) -> None:
        word = dialect.word(action.name if action is not None else "", refusal)
        is_json = word[:1] in b"{["
        # What follows a colon in a word is a price or a date, and no name for a refusal.
        self._watch.answered(action, "json" if is_json else word.partition(b":")[0].decode(), customer)
        await respond(send, 200, word, JSON if is_json else TEXT)

    async def _form(self, scope: Scope, receive: Receive) -> dict[str, str]:
        """The fields of a body, whatever the method."""
        body = await self._bodies.read(scope, receive)
        content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        multipart = content_type.lower().startswith("multipart/form-data")
        parse = partial(parse_multipart, content_type=content_type) if multipart else parse_urlencoded
        if len(body) > LONG_BODY:
            return await asyncio.to_thread(parse, body, max_fields=self._max_fields)
        return parse(body, max_fields=self._max_fields)


class Request(msgspec.Struct, frozen=True):
    """What a request says before anything is looked up; `digest` is that of its key, None without one; `id` is the field of
    that name as a whole number, None where it is none.
    """

    fields: dict[str, str]
    action: str
    digest: bytes | None
    id: int | None


def understand(fields: dict[str, str]) -> Request:
    """Find key and action among the fields."""
    key = fields.get("api_key", "").strip()
    return Request(fields, fields.get("action", ""), digest_of(key) if key else None, whole(fields.get("id", "")))
