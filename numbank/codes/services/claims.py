"""Collects the signs of services in a message: sender, site, templates, and its names by how the message speaks of them."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from numbank.codes.masks import hash_start
from numbank.codes.plain import Plain
from numbank.codes.reading import Reading
from numbank.codes.services.bare import FAINT, MENTION, is_channel, is_payment, worth
from numbank.codes.services.mentions import Mention, mentions_of
from numbank.codes.services.name import Owners
from numbank.codes.services.names import Brands
from numbank.codes.services.phrases import goes_on_as_other, is_led_to, is_of_code
from numbank.codes.services.senders import is_brand, of_bound_line, of_mail, of_sender
from numbank.codes.services.templates import Match
from numbank.codes.services.titles import has_title_but, is_signature, is_title

Kind = Literal["sms", "email", "voice"]

CLEAR = 0.7
"""From this confidence on a service is clearly named."""

BY_SENDER = "the sender"
"""Why it is a service's: its sender is known as that service's."""

_BOUND, _TEMPLATE, _SENDER, _TITLE, _OF_CODE = 0.99, 0.97, 0.95, 0.93, 0.9
_LED, _SIGNATURE = 0.85, 0.83
_MAIL_ADDRESS, _MAIL_NAME = 0.96, 0.8


class Claim(msgspec.Struct, frozen=True):
    """One sign that a message is of these services, of which the first is the best known. `span`: where its name stands;
    `is_word`: the name is an everyday word too.
    """

    owners: Owners
    confidence: float
    why: str
    span: tuple[int, int] = (0, 0)
    is_word: bool = False


def claims_of(
    plain: Plain,
    reading: Reading,
    sender: str,
    brands: Brands,
    *,
    kind: Kind = "sms",
    country: str = "",
    matches: Sequence[Match] | None = None,
) -> list[Claim]:
    """All signs of services; `matches` are the templates of the message if they are known already."""
    claims = _of_mail(sender, brands) if kind == "email" else _of_sms(sender, brands, country)
    if owners := of_bound_line(plain, brands):
        claims.append(Claim(owners, _BOUND, "the site that the code is bound to"))
    for match in brands.templates.find(plain, country) if matches is None else matches:
        claims.append(Claim((match.service,), _TEMPLATE, "a known template"))
    mentions = mentions_of(plain, reading.masks, brands, country)
    if mentions:
        claims += _of_mentions(reading, mentions, kind, _bare_confidence(claims, sender, kind))
    return claims


def _of_sms(sender: str, brands: Brands, country: str) -> list[Claim]:
    owners = of_sender(sender, brands, country) if sender else ()
    return [Claim(owners, _SENDER, BY_SENDER)] if owners else []


def _of_mail(sender: str, brands: Brands) -> list[Claim]:
    by_address, by_name = of_mail(sender, brands) if sender else ((), ())
    if by_address:
        return [Claim(by_address, _MAIL_ADDRESS, "the address of the sender")]
    return [Claim(by_name, _MAIL_NAME, "the name of the sender")] if by_name else []


def _bare_confidence(claims: Sequence[Claim], sender: str, kind: Kind) -> float:
    """What a name is worth that just occurs: little if the message is somebody else's, be he unknown."""
    if claims:
        return 0.0
    is_foreign = kind != "email" and is_brand(sender)
    return FAINT if is_foreign else MENTION


def _of_mentions(reading: Reading, mentions: Sequence[Mention], kind: Kind, bare: float) -> list[Claim]:
    tail = hash_start(reading.text)
    own_end = len(reading.text) if tail is None else tail
    is_mail = kind == "email"
    is_priced = reading.has("currency")
    is_titled = not is_mail and has_title_but(reading, mentions)
    is_strict = is_priced or (is_titled and not reading.has("account"))  # "Acme: code to link your X" is Acme's
    claims: list[Claim] = []
    led: list[Claim] = []
    rest: list[Mention] = []
    for mention in mentions:
        if is_title(reading, mention):
            claims.append(_claim(mention, _TITLE, "the title"))
        elif is_of_code(reading, mention, is_priced=is_priced):
            claims.append(_claim_of_code(reading, mention, _OF_CODE))
        elif is_signature(reading, mention, own_end, is_mail=is_mail):
            claims.append(_claim(mention, _SIGNATURE, "the signature"))
        elif is_led_to(reading, mention, is_strict=is_strict) and not is_channel(reading, mention):
            led.append(_claim_of_code(reading, mention, _LED))
        else:
            rest.append(mention)
    if not any(claim.confidence in (_TITLE, _OF_CODE) for claim in claims):
        claims += led  # else it is known whose code it is: "[X] code to link your Y"
    several = len({mention.owners for mention in rest})
    is_list = several > (1 if is_mail else 2)  # "Facebook Instagram Twitter"
    if is_titled or several > 1:
        bare = min(bare, FAINT)
    if not (claims or is_list or is_payment(reading, mentions)):
        worths = ((mention, worth(reading, mention, bare, is_mail=is_mail)) for mention in rest)
        claims += [_claim(mention, sure, "its name in the text") for mention, sure in worths if sure][:1]
    return claims


def _claim(mention: Mention, confidence: float, why: str) -> Claim:
    is_word = mention.name.is_everyday and not mention.name.is_small
    return Claim(mention.owners, confidence, why, mention.span, is_word)


def _claim_of_code(reading: Reading, mention: Mention, confidence: float) -> Claim:
    """An everyday word in small letters may be one after all: "your signal code" in a transcript."""
    name = mention.name
    is_unsure = name.is_everyday and not name.is_small and reading.text[mention.start : mention.end].islower()
    is_unsure = is_unsure or goes_on_as_other(reading, mention)
    return _claim(mention, FAINT if is_unsure else confidence, "whose code it is")
