"""The refusals of the bank as the JSON APIs tell them: status, word and line, in one table (docs/api-v2.md)."""

from __future__ import annotations

from datetime import UTC

import msgspec

from numbank import errors
from numbank.rest.problem import Refused

# Bodies of these APIs are a few lines.
MAX_BODY = 16_384


class Told(msgspec.Struct, frozen=True):
    """How a refusal is told."""

    status: int
    word: str
    line: str


# The documents know 401, 404, 422 and 500: a "no" of the bank to a request that is well-formed is a 422, as there. What
# stands between a customer and the whole API, not this one request, is a 403. A class that is not here is told as its
# parent is.
TABLE: dict[type[errors.Refusal], Told] = {
    errors.MissingKey: Told(
        401, "MISSING_API_KEY", "send the account's API key as X-API-Key or as Authorization: Bearer"
    ),
    errors.WrongKey: Told(401, "BAD_API_KEY", "the API key is unknown or was revoked"),
    errors.RegionRefused: Told(403, "SERVICE_UNAVAILABLE_REGION", "this address is in a region that is not served"),
    errors.AccountInactive: Told(403, "ACCOUNT_INACTIVE", "the account is switched off"),
    errors.Banned: Told(403, "BANNED", "the account is banned"),
    errors.AccountRefused: Told(403, "FORBIDDEN", "the account may not do this"),
    errors.ChannelsLimit: Told(422, "CHANNELS_LIMIT", "the account is blocked, or has too many live leases"),
    errors.SiteDenied: Told(422, "BLOCKED_SITE", "no mailboxes are leased for this site"),
    errors.BadSite: Told(422, "BAD_SITE", "the site must be a host name such as telegram.com"),
    errors.BadDomain: Told(422, "BAD_DOMAIN", "no such domain or zone is offered for this site"),
    errors.BadStatus: Told(422, "BAD_STATUS", "not possible in this state"),
    errors.EarlyCancel: Told(422, "EARLY_CANCEL_DENIED", "it is too early for a cancel"),
    errors.BadService: Told(422, "BAD_SERVICE", "there is no such service"),
    errors.BadRequest: Told(422, "UNPROCESSABLE_ENTITY", "the request cannot be understood"),
    errors.NoBalance: Told(422, "BAD_BALANCE", "there is not enough money on the account"),
    errors.NoNumbers: Told(422, "NO_NUMBERS", "nothing that fits is left"),
    errors.NotFound: Told(404, "NOT_FOUND", "there is no such thing on this account"),
    errors.NoMailbox: Told(404, "NOT_FOUND", "there is no such mailbox on this account"),
    errors.TooLarge: Told(413, "TOO_LARGE", f"the body is larger than {MAX_BODY} bytes"),
    errors.RateLimited: Told(429, "TOO_MANY_REQUESTS", "too many requests"),
    errors.Overloaded: Told(429, "TOO_MANY_REQUESTS", "too many requests at once"),
    errors.Refusal: Told(503, "SERVICE_UNAVAILABLE", "the bank cannot do this now, try again"),
}
UNAVAILABLE = Refused(503, TABLE[errors.Refusal].line)


def told(kind: type[errors.Refusal]) -> Told:
    """The entry of a class, or of its nearest parent."""
    return next(TABLE[each] for each in kind.__mro__ if each in TABLE)


def refused(refusal: errors.Refusal) -> Refused:
    """A refusal, told."""
    entry = told(type(refusal))
    line = entry.line
    if isinstance(refusal, errors.Banned):
        line = f"the account is banned until {refusal.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    headers = {"www-authenticate": "Bearer"} if entry.status == 401 else None
    return Refused(entry.status, line, headers, word=entry.word)
