"""The parameters of the actions, with the names that clients use for them (protocol.md 12.1, 4)."""

from __future__ import annotations

from numbank.wire.registry import Param

ID = Param("id", "id of the activation", ("activationId",), "number")
SERVICE = Param("service", "service code, see getServicesList", (), "code")
COUNTRY = Param("country", "country number, see getCountries; 0 when absent", (), "number")
COUNTRY_FILTER = Param("country", "only this country, see getCountries; no filter when absent", (), "number")
STATUS = Param(
    "status",
    "1 message was sent, 3 one more code (after a first one), 6 finish, 8 or -1 cancel; 6 before any message is a cancel",
    (),
    "1, 3, 6, 8, -1",
)
OPERATOR = Param(
    "operator",
    "operators with commas between; any or empty is no filter; getNumber falls back to the first operator that fits when"
    " none of these does, or answers NO_NUMBERS with NUMBANK_OPERATOR_FALLBACK off",
    (),
    "names",
)
MAX_PRICE = Param(
    "maxPrice",
    "offers up to this price are tried, the cheapest first; WRONG_MAX_PRICE with the cheapest price when there is stock only"
    " above it, or when this is not a number; NO_NUMBERS when there is no stock at all; when absent only the regular price"
    " is paid, the cheapest that is offered, and NO_NUMBERS means that nothing is left at it",
    (),
    "decimal",
)
ORDER_ID = Param(
    "orderId",
    "the caller's own id of this order: a successful lease uses it up, and from then on it answers ORDER_ALREADY_EXISTS"
    " without a charge; a refused request does not use it up",
    (),
    "text",
)
LANG = Param(
    "lang", "language of the names: ru, en, es, cn; English where it is unknown", ("language",), "ru, en, es, cn"
)

FORWARD = Param(
    "forward",
    "1 asks for call forwarding, which is not served yet: getNumber answers NO_NUMBERS, setStatus ignores it",
    ("multiForward", "forwards"),
    "0, 1",
)
ACTIVATION_TYPE = Param("activationType", "0 SMS; 1 and 2 (calls) are not served yet, NO_NUMBERS", (), "0, 1, 2")
VERIFICATION = Param("verification", "true asks for a call: not served yet, NO_NUMBERS", (), "boolean")
LANGUAGE = Param("language", "language of a voice message: not served yet, NO_NUMBERS", (), "tag")

PHONE_EXCEPTION = Param("phoneException", "accepted and ignored for now", (), "prefixes", ignored=True)
FREE_PRICE = Param("freePrice", "accepted and ignored for now", (), "boolean", ignored=True)
USE_CASHBACK = Param("useCashBack", "accepted and ignored for now", (), "boolean", ignored=True)
USER_ID = Param("userId", "accepted and ignored for now", ("userID",), "text", ignored=True)
REF = Param("ref", "accepted and ignored for now", (), "text", ignored=True)

TRUE_WORDS = frozenset({"1", "true", "True", "yes"})
