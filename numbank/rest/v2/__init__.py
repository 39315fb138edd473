"""Version 2 of the mail API under /api/v2 (protocol.md 5.2): mailboxes, and the lists that belong to them."""

from __future__ import annotations

from numbank.rest.problem import Refused, Titled
from numbank.rest.registry import Api

V2 = Api(
    "/api/v2",
    "numbank, version 2",
    "Mailboxes from purchase to code, and lists of what there is (docs/api-v2.md). The key goes into the header X-API-Key; "
    "X-Temp-Mobile-Key is not known here.",
    shape=Titled(),
    bug=Refused(500, "the bank made a mistake; nothing was half-done"),
    common={
        401: "MISSING_API_KEY, BAD_API_KEY",
        403: "SERVICE_UNAVAILABLE_REGION",
        413: "TOO_LARGE",
        422: "UNPROCESSABLE_ENTITY",
        429: "TOO_MANY_REQUESTS",
        500: "SERVER_ERROR",
        503: "SERVICE_UNAVAILABLE: try again",
    },
)
