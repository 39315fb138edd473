"""One call of the JSON API: who calls, what was sent, and the desk behind it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from numbank.customers.keys import Customer
from numbank.hooks.desk import HookDesk
from numbank.rest.problem import Refused
from numbank.voice.desk import Calls

S = TypeVar("S", bound=msgspec.Struct)


class Call(msgspec.Struct, frozen=True):
    """A request after its key was found. `path_id` is the number in the path, 0 where there is none."""

    customer: Customer
    hooks: HookDesk
    calls: Calls
    path_id: int
    raw_body: bytes
    raw_query: dict[str, str]

    def body(self, kind: type[S]) -> S:
        """The JSON body as a struct; an empty one counts as `{}`."""
        try:
            return msgspec.json.decode(self.raw_body or b"{}", type=kind)
        except msgspec.ValidationError as error:
            raise Refused(422, _line(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, "the body is not JSON") from None

    def query(self, kind: type[S]) -> S:
        """The query string as a struct."""
        try:
            return msgspec.convert(self.raw_query, kind, strict=False)
        except msgspec.ValidationError as error:
            raise Refused(422, _line(error)) from None


def _line(error: msgspec.ValidationError) -> str:
    return str(error).partition("\n")[0]
