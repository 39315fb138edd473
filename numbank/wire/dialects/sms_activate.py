"""The base dialect: the words of SMS-Activate (protocol.md 1.3, 2, 12.1)."""

from __future__ import annotations

from numbank import errors
from numbank.money import format_minor
from numbank.wire.dialects.base import Dialect, Word
from numbank.wire.encoding import encode
from numbank.wire.envelopes import rent_error
from numbank.wire.registry import ACTIONS


def _wrong_max_price(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.WrongMaxPrice)  # noqa: S101  the table below pairs them
    return b"WRONG_MAX_PRICE:" + format_minor(refusal.cheapest_minor).encode()


def _banned(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.Banned)  # noqa: S101  the table below pairs them
    # Dashes in the time, quotes included, as the document prints it.
    return refusal.until.strftime("BANNED:'%Y-%m-%d %H-%M-%S'").encode()


def _too_many_hours(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.TooManyHours)  # noqa: S101  the table below pairs them
    return encode(rent_error("MAX_HOURS_EXCEED") | {"info": {"max": refusal.most_hours}})


def _bad_url(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.BadUrl)  # noqa: S101  the table below pairs them
    # The document knows no word for this; `info` says what is wrong.
    return encode(rent_error("SERVER_ERROR") | {"info": refusal.reason})


WORDS: dict[type[errors.Refusal], Word] = {
    errors.MissingKey: b"NO_KEY",
    errors.WrongKey: b"BAD_KEY",
    errors.UnknownAction: b"BAD_ACTION",
    errors.BadService: b"BAD_SERVICE",
    errors.BadStatus: b"BAD_STATUS",
    errors.NotANumber: b"WRONG_ACTIVATION_ID",
    errors.WrongMaxPrice: _wrong_max_price,
    errors.WrongPrefixes: b"WRONG_EXCEPTION_PHONE",
    errors.WrongDate: b"WRONG_DATE",
    errors.WrongService: b"WRONG_SERVICE",
    errors.BadLanguage: b"BAD_LANGUAGE",
    errors.NotIncoming: b"NOT_INCOMING",
    errors.NoRentId: b"NO_ID_RENT",
    errors.BadRentStatus: b"INCORECT_STATUS",
    errors.BadHours: b"INVALID_TIME",
    errors.TooManyHours: _too_many_hours,
    errors.BadUrl: _bad_url,
    errors.BadSite: b"BAD_SITE",
    errors.BadDomain: b"MAIL_TYPE_ERROR",
    errors.NoActivation: b"NO_ACTIVATION",
    errors.NoActivations: b'{"status":"error","error":"NO_ACTIVATIONS"}',
    errors.NoOperators: b'{"status":"error","error":"OPERATORS_NOT_FOUND"}',
    errors.NoRent: b"INVALID_PHONE",
    errors.NoRents: b"NO_NUMBERS",
    errors.NoMailbox: b"ACTIVATION_NOT_FOUND",
    errors.NoProduct: b"BAD_DATA",
    errors.AccountInactive: b"ACCOUNT_INACTIVE",
    errors.ChannelsLimit: b"CHANNELS_LIMIT",
    errors.Banned: _banned,
    errors.RegionRefused: b"SERVICE_UNAVAILABLE_REGION",
    errors.ServiceDenied: b"SERVICE_NOT_AVAILABLE",
    errors.SiteDenied: b"BLOCKED_SITE",
    errors.NotVerified: b"BAD_ACTION",
    errors.NoBalance: b"NO_BALANCE",
    errors.NoBalanceForward: b"NO_BALANCE_FORWARD",
    errors.NoNumbers: b"NO_NUMBERS",
    errors.OutOfStock: b"OUT_OF_STOCK",
    errors.NoKeysLeft: b"NO_NUMBERS",
    errors.NoMultiService: b"NOT_AVAILABLE",
    errors.WrongSecurity: b"WRONG_SECURITY",
    errors.WrongAdditional: b"WRONG_ADDITIONAL_SERVICE",
    errors.RepeatedAdditional: b"REPEAT_ADDITIONAL_SERVICE",
    errors.NeverSuccessful: b"NEW_ACTIVATION_IMPOSSIBLE",
    errors.NotRenewable: b"RENEW_ACTIVATION_NOT_AVAILABLE",
    errors.SimOffline: b"SIM_OFFLINE",
    errors.RentFinished: b"STATUS_FINISH",
    errors.RentCancelled: b"STATUS_CANCEL",
    errors.RentRevoked: b"STATUS_REVOKE",
    errors.NoMessages: b"STATUS_WAIT_CODE",
    errors.NotCancellable: b"CANT_CANCEL",
    errors.RentDead: b"RENT_DIE",
    errors.NoMail: b"WAIT_LINK",
    errors.NoCall: b"NO_CALL",
    errors.CallCancelled: b"STATUS_CANCEL",
    errors.ParsedTooOften: b"PARSE_COUNT_EXCEED",
    errors.CallTaskExists: b'{"status":"error","msg":"CALL_TASK_ALREADY_EXIST"}',
    errors.NoSuchNumber: b'{"status":"error","msg":"NUMBER_NOT_EXIST"}',
    errors.RateLimited: b"TOO_MANY_REQUESTS",
    errors.OrderExists: b"ORDER_ALREADY_EXISTS",
    errors.EarlyCancel: b"EARLY_CANCEL_DENIED",
    errors.Overloaded: b"TOO_MANY_REQUESTS",
    errors.TooLarge: b"ERROR_SQL",
    errors.Unavailable: b"ERROR_SQL",
}

# A missing or foreign activation, where the action has a word of its own for it (protocol.md 12.1, 5).
OVERRIDES: dict[tuple[str, type[errors.Refusal]], Word] = {
    ("getAdditionalService", errors.NoActivation): b"WRONG_ACTIVATION_ID",
    ("getExtraActivation", errors.NoActivation): b"WRONG_ACTIVATION_ID",
    ("checkExtraActivation", errors.NoActivation): b"WRONG_ACTIVATION_ID",
    ("parseCall", errors.NoActivation): b"WRONG_ACTIVATION_ID",
    ("getIncomingCallStatus", errors.NotANumber): b"INVALID_ACTIVATION_ID",
    ("getIncomingCallStatus", errors.NoActivation): b"INVALID_ACTIVATION_ID",
    # A rental that is over cannot be ended once more (protocol.md 3.4); one whose number was lost gave its money back.
    ("setRentStatus", errors.RentFinished): b"ALREADY_FINISH",
    ("setRentStatus", errors.RentCancelled): b"ALREADY_CANCEL",
    ("setRentStatus", errors.RentRevoked): b"ALREADY_CANCEL",
}

RENT_ERROR = '{{"status":"error","message":"{word}","error":"{word}","msg":"{word}","info":{info}}}'

SMS_ACTIVATE = Dialect(
    name="sms_activate",
    paths=("/stubs/handler_api.php", "/stubs/handler_api"),
    actions=ACTIONS,
    words=WORDS,
    overrides=OVERRIDES,
    shown={
        errors.WrongMaxPrice: "WRONG_MAX_PRICE:<min>",
        errors.Banned: "BANNED:'<banned until>'",
        errors.TooManyHours: RENT_ERROR.format(word="MAX_HOURS_EXCEED", info='{"max":<number>}'),
        errors.BadUrl: RENT_ERROR.format(word="SERVER_ERROR", info='".."'),
    },
)
