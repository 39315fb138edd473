"""One call of a JSON API: who calls, what was sent, and the desks behind it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from numbank.customers.keys import Customer
from numbank.rest import fields
from numbank.rest.desks import Desks
from numbank.rest.problem import Refused

S = TypeVar("S", bound=msgspec.Struct)

# Who asks where no key is needed.
NOBODY = Customer(0, active=False)
FORM = "application/x-www-form-urlencoded"


class Call(msgspec.Struct, frozen=True):
    """A request after its key was found. `path_id` is the number in the path, 0 where there is none."""

    customer: Customer
    desks: Desks
    path_id: int
    raw_body: bytes
    raw_query: str
    content_type: str = ""

    def body(self, kind: type[S]) -> S:
        """The JSON body as a struct; an empty one counts as `{}`."""
        try:
            return msgspec.json.decode(self.raw_body or b"{}", type=kind)
        except msgspec.ValidationError as error:
            raise Refused(422, _line(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, "the body is not JSON") from None

    def query(self, kind: type[S]) -> S:
        """The query string as a struct; names that it does not have are refused."""
        try:
            return msgspec.convert(dict(fields.pairs(self.raw_query)), kind, strict=False)
        except msgspec.ValidationError as error:
            raise Refused(422, _line(error)) from None

    def asked(self, kind: type[S]) -> S:
        """The query string as a struct; names that it does not have are not looked at."""
        return fields.read(kind, fields.pairs(self.raw_query))

    def sent(self, kind: type[S]) -> S:
        """A struct of the body, JSON or a form, and of the query string where the body says nothing."""
        query = fields.pairs(self.raw_query)
        if self.content_type.partition(";")[0].strip().lower() == FORM:
            form = fields.pairs(self.raw_body.decode("utf-8", "replace"))
            # The last one counts.
            return fields.read(kind, [*query, *form])
        try:
            values = msgspec.json.decode(self.raw_body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(422, "the body is not JSON") from None
        if not isinstance(values, dict):
            raise Refused(422, "the body is no JSON object")
        return fields.read(kind, query, values)


def _line(error: msgspec.ValidationError) -> str:
    return str(error).partition("\n")[0]
