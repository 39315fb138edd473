"""A "no" of the JSON APIs: an HTTP status, a word, one clear line; and the two shapes of body that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol

import msgspec

Errors = Mapping[str, Sequence[str]]

# Where a "no" has no word of its own (version 2 shows words, version 1 the phrases of HTTP).
WORDS = {
    400: "BAD_REQUEST", 401: "BAD_API_KEY", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 409: "CONFLICT",
    413: "TOO_LARGE", 422: "UNPROCESSABLE_ENTITY", 429: "TOO_MANY_REQUESTS", 500: "SERVER_ERROR", 503: "SERVICE_UNAVAILABLE",
}  # fmt: skip


class Refused(Exception):  # noqa: N818  an expected "no"
    """Ends an operation with a "no". `errors` are lines by field."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        word: str = "",
        errors: Errors | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.word = word or WORDS.get(status, "REFUSED")
        self.errors = errors or {}


class Shape(Protocol):
    """How an API shows a "no"."""

    @property
    def media(self) -> str:
        """The media type."""

    @property
    def kind(self) -> type[msgspec.Struct]:
        """The struct of the body, for the document."""

    def body(self, refused: Refused) -> bytes:
        """The body."""


class Problem(msgspec.Struct, frozen=True):
    """The body of a "no". `detail` is the line to read."""

    status: int
    title: str
    detail: str


class Rfc9457:
    """Problem details, as RFC 9457 writes them."""

    media = "application/problem+json"
    kind: type[msgspec.Struct] = Problem

    def body(self, refused: Refused) -> bytes:
        """The body."""
        return msgspec.json.encode(Problem(refused.status, HTTPStatus(refused.status).phrase, str(refused)))


class Failure(msgspec.Struct, frozen=True):
    """The body of a "no": `title` is a word for programs, `details` the line to read, `errors` what is wrong by field."""

    title: str
    details: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


class Titled:
    """A word and a line, as the documents of version 2 write them; with 422 always what is wrong by field."""

    media = "application/json"
    kind: type[msgspec.Struct] = Failure

    def body(self, refused: Refused) -> bytes:
        """The body."""
        errors = {name: list(lines) for name, lines in refused.errors.items()}
        shown = errors if errors or refused.status == HTTPStatus.UNPROCESSABLE_ENTITY else msgspec.UNSET
        return msgspec.json.encode(Failure(refused.word, str(refused), shown))
