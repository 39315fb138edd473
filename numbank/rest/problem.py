"""A "no" of the JSON API: an HTTP status and one clear line, as RFC 9457 writes them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

KIND = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """The body of a "no". `detail` is the line to read."""

    status: int
    title: str
    detail: str


class Refused(Exception):  # noqa: N818  an expected "no"
    """Ends an operation with a problem."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        """The body."""
        return msgspec.json.encode(Problem(self.status, HTTPStatus(self.status).phrase, str(self)))
