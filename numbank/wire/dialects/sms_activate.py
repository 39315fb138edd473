"""The base dialect: the words of SMS-Activate (protocol.md 1.3, 2, 12.1)."""

from __future__ import annotations

from numbank import errors
from numbank.money import format_minor
from numbank.wire.dialects.base import Dialect, Word
from numbank.wire.registry import ACTIONS


def _wrong_max_price(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.WrongMaxPrice)  # noqa: S101  the table below pairs them
    return b"WRONG_MAX_PRICE:" + format_minor(refusal.cheapest_minor).encode()


def _banned(refusal: errors.Refusal) -> bytes:
    assert isinstance(refusal, errors.Banned)  # noqa: S101  the table below pairs them
    # Dashes in the time, quotes included, as the document prints it.
    return refusal.until.strftime("BANNED:'%Y-%m-%d %H-%M-%S'").encode()


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
    errors.NoActivation: b"NO_ACTIVATION",
    errors.NoActivations: b'{"status":"error","error":"NO_ACTIVATIONS"}',
    errors.NoOperators: b'{"status":"error","error":"OPERATORS_NOT_FOUND"}',
    errors.AccountInactive: b"ACCOUNT_INACTIVE",
    errors.ChannelsLimit: b"CHANNELS_LIMIT",
    errors.Banned: _banned,
    errors.RegionRefused: b"SERVICE_UNAVAILABLE_REGION",
    errors.ServiceDenied: b"SERVICE_NOT_AVAILABLE",
    errors.NoBalance: b"NO_BALANCE",
    errors.NoBalanceForward: b"NO_BALANCE_FORWARD",
    errors.NoNumbers: b"NO_NUMBERS",
    errors.NoMultiService: b"NOT_AVAILABLE",
    errors.WrongSecurity: b"WRONG_SECURITY",
    errors.WrongAdditional: b"WRONG_ADDITIONAL_SERVICE",
    errors.RepeatedAdditional: b"REPEAT_ADDITIONAL_SERVICE",
    errors.NeverSuccessful: b"NEW_ACTIVATION_IMPOSSIBLE",
    errors.NotRenewable: b"RENEW_ACTIVATION_NOT_AVAILABLE",
    errors.SimOffline: b"SIM_OFFLINE",
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
}

SMS_ACTIVATE = Dialect(
    name="sms_activate",
    paths=("/stubs/handler_api.php", "/stubs/handler_api"),
    actions=ACTIONS,
    words=WORDS,
    overrides=OVERRIDES,
    shown={errors.WrongMaxPrice: "WRONG_MAX_PRICE:<min>", errors.Banned: "BANNED:'<banned until>'"},
)
