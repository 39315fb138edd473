"""Our own API under /v1: webhooks and recordings. Problems as RFC 9457 writes them."""

from __future__ import annotations

from numbank.rest.problem import Rfc9457
from numbank.rest.refusals import UNAVAILABLE
from numbank.rest.registry import Api

V1 = Api(
    "/v1",
    "numbank",
    "Webhooks and recordings of the account (docs/hooks.md).",
    shape=Rfc9457(),
    bug=UNAVAILABLE,
    common={
        400: "the request cannot be read",
        401: "no key, or a wrong one",
        403: "not served in this region",
        413: "the body is too large",
        429: "too many requests",
        503: "try again",
    },
)
