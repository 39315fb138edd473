"""The tree of refusals: every expected "no" of the bank, typed; what is not here is an exception and a bug.

Refusal                     an expected "no"; a dialect's table turns the class into its word
├── MissingKey              no API key in the request
├── WrongKey                the key is not one of ours, or was revoked
├── UnknownAction           no such action
├── BadRequest              the request cannot be understood
│   ├── BadService          no such service
│   ├── BadStatus           the status is unknown, or not possible in this state
│   ├── NotANumber          an id that is not a number
│   ├── WrongMaxPrice       stock exists, but only above the price limit (carries the cheapest price)
│   ├── WrongPrefixes       phoneException is no list of prefixes
│   ├── WrongDate           a span of time that cannot be, or is too long
│   ├── WrongService        no such service, in the words of the statistics
│   ├── BadLanguage         no such language, or no recogniser for it
│   ├── NotIncoming         the activation is not verified by a call
│   ├── NoRentId            no id of a rental
│   ├── BadRentStatus       no such change of a rental
│   ├── BadHours            no term that can be rented
│   ├── TooManyHours        longer than a number can be rented in all (carries how many hours are left)
│   ├── BadUrl              an address that webhooks must not go to (carries why)
│   ├── BadSite             no site is named, or it cannot be one
│   └── BadDomain           no such domain or zone for that site
├── NotFound                nothing of that kind belongs to this customer (a foreign id looks the same)
│   ├── NoActivation        no such activation
│   ├── NoActivations       the customer has no live activation
│   ├── NoOperators         no operator is known for that country
│   ├── NoRent              no such rental
│   ├── NoRents             the customer rents nothing now
│   ├── NoMailbox           no such lease of a mailbox
│   └── NoProduct           no such product
├── AccountRefused          the state of the account forbids a purchase
│   ├── AccountInactive     the account is switched off
│   ├── ChannelsLimit       blocked without a date, or too many leases at once
│   ├── Banned              blocked until a date (carries it)
│   ├── RegionRefused       the address of the client is in a region that is not served
│   ├── ServiceDenied       the operator does not sell this service
│   ├── SiteDenied          the operator does not lease mailboxes for this site
│   └── NotVerified         the reseller is not verified
├── NoBalance               not enough money
│   └── NoBalanceForward    enough for the number, but not for forwarding
├── NoNumbers               nothing in stock that fits
│   ├── OutOfStock          nothing to rent in that country
│   └── NoKeysLeft          every key of the product is sold
├── NoMultiService          the country does not do several services on one number
├── AdditionalRefused       an additional service cannot be had
│   ├── WrongSecurity       the parent was bought without forwarding, has no message yet, is over, or its line is off
│   ├── WrongAdditional     the service cannot be forwarded
│   └── RepeatedAdditional  it was bought for this parent before
├── ReactivationRefused     a reactivation cannot be had
│   ├── NeverSuccessful     the parent was never successful
│   ├── NotRenewable        the number is not offered again, or is leased to somebody
│   └── SimOffline          the number is known, but not connected
├── RentRefused             a rental cannot do that now
│   ├── RentFinished        it is over, and paid
│   ├── RentCancelled       it was cancelled with a refund
│   ├── RentRevoked         its number was lost, the money went back
│   ├── NoMessages          nothing was received yet
│   ├── NotCancellable      a message came, or the time for that is over
│   └── RentDead            it cannot go on: its number is gone, or somebody else's
├── NoMail                  nothing came to the mailbox yet
├── CallRefused             a call cannot be read or made
│   ├── NoCall              no call came yet
│   ├── CallCancelled       the activation was cancelled
│   ├── ParsedTooOften      the transcript was asked for too often
│   ├── CallTaskExists      a call is asked for already
│   └── NoSuchNumber        no number to call from
├── OrderExists             the orderId was used before
├── EarlyCancel             still inside the window in which a cancel is refused
├── RateLimited             more requests or leases than the key may make in the time
├── Overloaded              a queue is full, or the request waited too long in it
├── TooLarge                more fields or bytes than the limits allow
└── Unavailable             the database cannot answer now; nothing half-done

OperatorError               a command that cannot be carried out: one clear line for the operator
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


class Refusal(Exception):  # noqa: N818  an expected "no" is a value of the bank's language, not an error
    """An expected "no". Carries nothing but what the words of the protocol need."""


class MissingKey(Refusal):
    """No API key in the request."""


class WrongKey(Refusal):
    """The key is unknown or revoked."""


class UnknownAction(Refusal):
    """No such action."""


class BadRequest(Refusal):
    """The request cannot be understood."""


class BadService(BadRequest):
    """No such service."""


class BadStatus(BadRequest):
    """The status is unknown or not possible in this state."""


class NotANumber(BadRequest):
    """An id that is not a number."""


class WrongMaxPrice(BadRequest):
    """Stock exists, but only above the limit. `cheapest_minor` in 1/10,000 of the currency."""

    def __init__(self, cheapest_minor: int) -> None:
        super().__init__(cheapest_minor)
        self.cheapest_minor = cheapest_minor


class WrongPrefixes(BadRequest):
    """phoneException is no list of at most 20 prefixes of 4 to 9 digits."""


class WrongDate(BadRequest):
    """A span of time that cannot be, or is longer than 30 days."""


class WrongService(BadRequest):
    """No such service, in the words of the statistics."""


class BadLanguage(BadRequest):
    """No such language, or no recogniser for it."""


class NotIncoming(BadRequest):
    """The activation is not verified by a call."""


class NoRentId(BadRequest):
    """No id of a rental was given."""


class BadRentStatus(BadRequest):
    """No such change of a rental."""


class BadHours(BadRequest):
    """No term that can be rented."""


class TooManyHours(BadRequest):
    """Longer than a number can be rented in all; `most_hours` are left."""

    def __init__(self, most_hours: int) -> None:
        super().__init__(most_hours)
        self.most_hours = most_hours


class BadUrl(BadRequest):
    """An address that webhooks must not go to; `reason` is one clear line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadSite(BadRequest):
    """No site is named, or what is named cannot be one."""


class BadDomain(BadRequest):
    """No such domain or zone for that site."""


class NotFound(Refusal):
    """Nothing of that kind belongs to this customer."""


class NoActivation(NotFound):
    """No such activation."""


class NoActivations(NotFound):
    """The customer has no live activation."""


class NoOperators(NotFound):
    """No operator is known for that country."""


class NoRent(NotFound):
    """No such rental."""


class NoRents(NotFound):
    """The customer rents nothing now."""


class NoMailbox(NotFound):
    """No such lease of a mailbox."""


class NoProduct(NotFound):
    """No such product."""


class AccountRefused(Refusal):
    """The state of the account forbids a purchase."""


class AccountInactive(AccountRefused):
    """The account is switched off."""


class ChannelsLimit(AccountRefused):
    """Blocked without a date, or too many leases at once."""


class Banned(AccountRefused):
    """Blocked until `until` (UTC)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class RegionRefused(AccountRefused):
    """The address of the client is in a region that is not served."""


class ServiceDenied(AccountRefused):
    """The operator does not sell this service."""


class SiteDenied(AccountRefused):
    """The operator does not lease mailboxes for this site."""


class NotVerified(AccountRefused):
    """The reseller is not verified."""


class NoBalance(Refusal):
    """Not enough money."""


class NoBalanceForward(NoBalance):
    """Enough for the number, but not for forwarding."""


class NoNumbers(Refusal):
    """Nothing in stock that fits."""


class OutOfStock(NoNumbers):
    """Nothing to rent in that country."""


class NoKeysLeft(NoNumbers):
    """Every key of the product is sold."""


class NoMultiService(Refusal):
    """The country does not do several services on one number."""


class AdditionalRefused(Refusal):
    """An additional service cannot be had."""


class WrongSecurity(AdditionalRefused):
    """The parent was bought without forwarding, has not received a message, or is over."""


class WrongAdditional(AdditionalRefused):
    """The service cannot be forwarded."""


class RepeatedAdditional(AdditionalRefused):
    """The service was bought for this parent before."""


class ReactivationRefused(Refusal):
    """A reactivation cannot be had."""


class NeverSuccessful(ReactivationRefused):
    """The parent was never successful."""


class NotRenewable(ReactivationRefused):
    """The number is not offered again, or is leased to somebody."""


class SimOffline(ReactivationRefused):
    """The number is known, but not connected."""


class RentRefused(Refusal):
    """A rental cannot do that now."""


class RentFinished(RentRefused):
    """It is over, and paid."""


class RentCancelled(RentRefused):
    """It was cancelled with a refund."""


class RentRevoked(RentRefused):
    """Its number was lost, the money went back."""


class NoMessages(RentRefused):
    """Nothing was received yet."""


class NotCancellable(RentRefused):
    """A message came, or the time for a cancel is over."""


class RentDead(RentRefused):
    """It cannot go on: its number is gone, or somebody else's."""


class NoMail(Refusal):
    """Nothing came to the mailbox yet."""


class CallRefused(Refusal):
    """A call cannot be read or made."""


class NoCall(CallRefused):
    """No call came yet."""


class CallCancelled(CallRefused):
    """The activation was cancelled."""


class ParsedTooOften(CallRefused):
    """The transcript was asked for too often."""


class CallTaskExists(CallRefused):
    """A call is asked for already."""


class NoSuchNumber(CallRefused):
    """No number to call from."""


class RateLimited(Refusal):
    """More requests or leases than the key may make in the time."""


class OrderExists(Refusal):
    """The orderId was used before by this account."""


class EarlyCancel(Refusal):
    """Still inside the window in which a cancel is refused."""


class Overloaded(Refusal):
    """A queue is full, or the request waited too long in it."""


class TooLarge(Refusal):
    """More fields or bytes than the limits allow."""


class Unavailable(Refusal):
    """The database cannot answer now; nothing half-done. `away`: it answers nobody, so it is not this request's fault."""

    def __init__(self, *, away: bool = False) -> None:
        super().__init__()
        self.away = away


class OperatorError(Exception):
    """A command that cannot be carried out; the message is one clear line."""


def accept(result: T | Refusal) -> T:
    """The result of a desk, or its refusal raised."""
    if isinstance(result, Refusal):
        raise result
    return result
