"""The parameters of the actions, with the names that clients use for them (protocol.md 12.1, 4)."""

from __future__ import annotations

from numbank.wire.registry import Param

ID = Param("id", "id of the activation", ("activationId",), "activation id")
SERVICE = Param("service", "service code, see getServicesList", (), "service")
COUNTRY = Param("country", "country number, see getCountries; 0 when absent", (), "country")
COUNTRY_FILTER = Param("country", "only this country, see getCountries; no filter when absent", (), "country")
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
    "operators",
)
MAX_PRICE = Param(
    "maxPrice",
    "offers up to this price are tried, the cheapest first; WRONG_MAX_PRICE with the cheapest price when there is stock only"
    " above it, or when this is not a number; NO_NUMBERS when there is no stock at all; when absent only the regular price"
    " is paid, and NO_NUMBERS means that nothing is left at it",
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
    "1 asks for a number whose calls and messages can be passed on, for the surcharge of forwarding on top of its price;"
    " NO_BALANCE_FORWARD when the money is enough for the number only",
    ("multiForward", "forwards"),
    "0, 1",
)
FORWARD_TARGET = Param(
    "forward",
    "the telephone number to which calls and messages are passed on; needed with status 1 when the activation was bought"
    " with forward=1 and has no target yet, a new one may come with 1 and 3; not looked at for other activations",
    ("forwards", "multiForward"),
    "phone",
)
MULTI_SERVICE = Param(
    "multiService",
    "service codes with commas between, none twice; NUMBANK_MULTI_SERVICES_MOST at most",
    ("service",),
    "services",
)
MULTI_FORWARD = Param(
    "multiForward",
    "1 for the service whose calls and messages can be passed on, 0 for each of the others, with commas between; at most one"
    " 1; none when absent",
    ("forward", "forwards"),
    "flags",
)
ACTIVATION_TYPE = Param(
    "activationType", "how the service verifies: 0 SMS, 1 call by number, 2 voice call", (), "0, 1, 2"
)
VERIFICATION = Param("verification", "true is the old way to ask for activationType 1", (), "boolean")
LANGUAGE = Param(
    "language", "of a voice call: ISO 639-1 or BCP-47; the main language of the country when absent", (), "language tag"
)
PHONE_EXCEPTION = Param(
    "phoneException",
    "prefixes that the number must not have, with commas between: at most 20 of 4 to 9 digits, country code included; those"
    " of the account when absent",
    (),
    "prefixes",
)
FREE_PRICE = Param("freePrice", "true: the cheapest tier first, up to maxPrice or without a limit", (), "boolean")
PROVIDER_IDS = Param("providerIds", "only these suppliers, by their numbers, with commas between", (), "supplier ids")
EXCEPT_PROVIDER_IDS = Param("exceptProviderIds", "none of these suppliers", (), "supplier ids")
USE_CASHBACK = Param(
    "useCashBack", "true: cashback is spent before money, by this lease and, for good, by all later ones", (), "boolean"
)
USER_ID = Param(
    "userId",
    "the reseller's own customer: statistics and bans may be of that one alone, without touching the account",
    ("userID",),
    "text",
)
REF = Param("ref", "the partner that sent the customer, at most 64 characters; kept and reported", (), "text")

START = Param("start", "from when on, in unix seconds; 30 days before `end` when absent", (), "time")
END = Param("end", "until when, in unix seconds; now when absent; at most 30 days after `start`", (), "time")
OFFSET = Param("offset", "how many to skip; 0 when absent", (), "number")
LIMIT = Param("limit", "how many to show, 100 at most; 50 when absent", ("size", "length", "per_page"), "number")
PAGE = Param("page", "which page, from 1 on; the first when absent", (), "number")

SERVICE_OR_ALL = Param("service", "service code, see getServicesList; all services when absent", (), "service")
FREE_PRICE_LIST = Param(
    "freePrice",
    "true counts and prices as by FreePrice, and shows how many are left at each price",
    ("$freePrice",),
    "boolean",
)
LENGTH = Param("length", "how many to show, 100 at most; 10 when absent", ("limit", "size", "per_page"), "number")
STATUS_OPERATOR = Param(
    "operator", "operators with commas between, also under the name service; any or empty is no filter", (), "operators"
)

NEW_LANG = Param(
    "newLang",
    "language of the call, ISO 639-1 or BCP 47; when absent that of the activation, or of its country",
    ("lang", "language"),
    "language tag",
)
CALL_TARGET = Param("phone", "whom to call, with country code", (), "phone")
DAY = Param("date", "only the calls of this day, `Y-m-d`; all when absent", (), "date")

RENT_ID = Param("id", "id of the rental", ("activationId",), "rental id")
RENT_TIME = Param(
    "rent_time",
    "for how many whole hours, 4 to 1344; fewer only where the operator has a price for just that many;"
    " NUMBANK_RENT_DEFAULT_HOURS when absent",
    ("time", "duration", "hours"),
    "hours",
)
RENT_SERVICE = Param(
    "service", "service code, see getServicesList; full receives everything that comes to the number", (), "service"
)
RENT_COUNTRY = Param(
    "country", "country number, see getCountries; NUMBANK_RENT_DEFAULT_COUNTRY when absent", (), "country"
)
RENT_OPERATOR = Param(
    "operator", "operators with commas between; any or empty is no filter", ("operators",), "operators"
)
RENT_STATUS = Param("status", "1 finish, 2 cancel", (), "1, 2")
RENT_URL = Param(
    "url",
    "where each message of the rental is sent as a POST (docs/hooks.md); http or https, at most 2048 characters, no private"
    " address",
    ("uri",),
    "address",
)
INCOMING_CALL = Param(
    "incomingCall", "true: the number must take calls too, and they are kept like messages", (), "boolean"
)
CURRENCY = Param(
    "currency",
    "ISO 4217 number or letters of the currency to show prices in; that of the account when absent or without a rate",
    (),
    "currency",
)
RENT_PAGE = Param(
    "page", "which page, from 0 on, or from 1 on with NUMBANK_RENT_PAGES_FROM_ONE; the first when absent", (), "number"
)
RENT_SIZE = Param("size", "how many to show, 1000 at most; 10 when absent", ("limit", "length", "per_page"), "number")
NEED_HISTORY = Param("needHistory", "true shows what was charged so far", (), "boolean")

PRODUCT_ID = Param("productId", "id of the product, see `partners/products` of the REST API", ("id",), "product")

SITE = Param(
    "site",
    "the site for which the mailbox is wanted, a host name such as telegram.com; an address is cut to it",
    (),
    "site",
)
MAIL_TYPE = Param("mail_type", "1: a zone, in which the bank chooses a domain; 2: a popular domain", (), "1, 2")
MAIL_DOMAIN = Param("mail_domain", "the zone or the domain, see getDomains", (), "mail domain")
MAILBOX_ID = Param("id", "id of the purchase of a mailbox", ("activationId",), "mailbox id")
PER_PAGE = Param("per_page", "how many on a page, 100 at most; 10 when absent", ("limit", "size", "length"), "number")
SEARCH = Param("search", "only those with this in their address or site", (), "text")
SORT = Param("sort", "desc: the newest first, as when absent; asc: the oldest first", (), "asc, desc")

TRUE_WORDS = frozenset({"1", "true", "True", "yes"})
