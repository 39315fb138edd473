"""handler_api.php as a plain ASGI app: bytes -> call -> action -> bytes; every "no" becomes a word, always HTTP 200.

Order of checks: key present, key valid, action known, then the action's own (protocol.md 12.1, 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache, partial

import msgspec

from numbank.asgi import Gone, Receive, Scope, Send, read_body, respond
from numbank.customers.keys import Customer, digest_of
from numbank.errors import MissingKey, Refusal, Unavailable, UnknownAction, WrongKey
from numbank.wire import activation, balance, catalogue  # noqa: F401  importing them registers their actions
from numbank.wire.call import Call
from numbank.wire.desks import Desks
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.fields import parse_multipart, parse_urlencoded
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
        self._watch = watch
        self.paths = {path + slash: dialect for dialect in dialects for path in dialect.paths for slash in ("", "/")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose path is one of `paths`. Flat and without detours: every poll comes this way (engine 8)."""
        dialect = self.paths[scope["path"]]
        action: Action | None = None
        customer: Customer | None = None
        try:
            request = read_query(scope["query_string"], self._max_fields)
            if scope["method"] not in NO_BODY:
                request = understand(await self._form(scope, receive) | request.fields)  # the query wins
            action = dialect.actions.get(request.action)
            if request.digest is None:
                raise MissingKey  # noqa: TRY301  one place turns every refusal into its word
            # From memory if the answer there is fresh.
            customer = self._keys.cached(request.digest) or await self._customer(request.digest)
            if action is None:
                raise UnknownAction  # noqa: TRY301
            reply = await action.function(Call(request.fields, customer, self._desks))
        except Refusal as refusal:
            await self._refuse(send, dialect, action, customer, refusal)
        except Gone:
            return
        except Exception as error:
            # Whatever happened, the client gets the documented word and the operator the whole story.
            self._watch.crashed(action.name if action is not None else "?", error)
            await self._refuse(send, dialect, action, customer, Unavailable())
        else:
            self._watch.answered(action, "", customer)
            await respond(send, 200, reply, JSON if action.json and reply[:1] in b"{[" else TEXT)

    async def _customer(self, digest: bytes) -> Customer:
        """The customer of a key that is not at hand."""
        customer = await self._keys.find(digest)
        if customer is None:
            raise WrongKey
        return customer

    async def _refuse(
        self, send: Send, dialect: Dialect, action: Action | None, customer: Customer | None, refusal: Refusal
    ) -> None:
        word = dialect.word(action.name if action is not None else "", refusal)
        is_json = word.startswith(b"{")
        # What follows a colon in a word is a price or a date, and no name for a refusal.
        self._watch.answered(action, "json" if is_json else word.partition(b":")[0].decode(), customer)
        await respond(send, 200, word, JSON if is_json else TEXT)

    async def _form(self, scope: Scope, receive: Receive) -> dict[str, str]:
        """The fields of a body, whatever the method."""
        settings = self._desks.settings
        body = await read_body(receive, settings.max_body_bytes)
        content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        multipart = content_type.lower().startswith("multipart/form-data")
        parse = partial(parse_multipart, content_type=content_type) if multipart else parse_urlencoded
        if len(body) > LONG_BODY:
            return await asyncio.to_thread(parse, body, max_fields=settings.max_fields)
        return parse(body, max_fields=settings.max_fields)


class Request(msgspec.Struct, frozen=True):
    """What a request says before anything is looked up; `digest` is that of its key, None without one."""

    fields: dict[str, str]
    action: str
    digest: bytes | None


def understand(fields: dict[str, str]) -> Request:
    """Find key and action among the fields."""
    key = fields.get("api_key", "").strip()
    return Request(fields, fields.get("action", ""), digest_of(key) if key else None)


def read_query(query: bytes, max_fields: int) -> Request:
    """A query string, understood. A client that polls sends the same bytes again and again: short ones are remembered."""
    return _remembered(query, max_fields) if len(query) <= LONGEST_REMEMBERED else _understood(query, max_fields)


def _understood(query: bytes, max_fields: int) -> Request:
    return understand(parse_urlencoded(query, max_fields))


_remembered = lru_cache(maxsize=QUERIES_REMEMBERED)(_understood)
