"""handler_api.php as a plain ASGI app: bytes -> call -> action -> bytes; every "no" becomes a word, always HTTP 200.

Order of checks: key present, key valid, action known, then the action's own (protocol.md 12.1, 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

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
NO_BODY = frozenset({"GET", "HEAD"})


class WireWatch:
    """What the wire tells about itself; the server's metrics and access log override it."""

    def answered(self, action: str, reply: bytes, refused: bool, poll: bool, customer_id: int | None) -> None:
        """A call was answered. `reply` is a word only if `refused`; a success may hold a code and is not for logs."""

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
        """Serve one request whose path is one of `paths`."""
        try:
            reply, kind = await self.answer(self.paths[scope["path"]], scope, receive)
        except Gone:
            return
        await respond(send, 200, reply, kind)

    async def answer(self, dialect: Dialect, scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        """The body and its content type."""
        action: Action | None = None
        customer: Customer | None = None
        try:
            fields = parse_urlencoded(scope["query_string"], self._max_fields)
            if scope["method"] not in NO_BODY:
                fields = await self._form(scope, receive) | fields  # the query wins
            action = dialect.actions.get(fields.get("action", ""))
            digest = digest_of(fields.get("api_key", "").strip() or _no_key())
            # From memory if the answer there is fresh: this line is on the way of every poll (engine 8).
            customer = self._keys.cached(digest) or await self._customer(digest)
            if action is None:
                return self._refuse(dialect, action, customer, UnknownAction())
            reply = await action.function(Call(fields, customer, self._desks))
        except Refusal as refusal:
            return self._refuse(dialect, action, customer, refusal)
        except Gone:
            raise
        except Exception as error:
            # Whatever happened, the client gets the documented word and the operator the whole story.
            self._watch.crashed(action.name if action is not None else "?", error)
            return self._refuse(dialect, action, customer, Unavailable())
        self._watch.answered(action.name, reply, False, action.poll, customer.id)
        return reply, JSON if action.json and reply[:1] in b"{[" else TEXT

    async def _customer(self, digest: bytes) -> Customer:
        """The customer of a key that is not at hand."""
        customer = await self._keys.find(digest)
        if customer is None:
            raise WrongKey
        return customer

    def _refuse(
        self, dialect: Dialect, action: Action | None, customer: Customer | None, refusal: Refusal
    ) -> tuple[bytes, bytes]:
        name = action.name if action is not None else "?"
        word = dialect.word(name, refusal)
        poll = action.poll if action is not None else False
        self._watch.answered(name, word, True, poll, customer.id if customer is not None else None)
        return word, JSON if word.startswith(b"{") else TEXT

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


def _no_key() -> str:
    raise MissingKey
