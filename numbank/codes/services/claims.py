"""Collects the signs of services in a message: sender, site, templates, and its names by how the message speaks of them."""

import functools
import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from numbank.codes.masks import hash_start
from numbank.codes.plain import Plain
from numbank.codes.reading import Reading
from numbank.codes.services.mentions import Mention, mentions_of
from numbank.codes.services.name import Owners, brand_words
from numbank.codes.services.names import Brands
from numbank.codes.services.phrases import LEADERS, goes_on_as_other, is_by_account, is_led_to, is_mere_word, is_of_code
from numbank.codes.services.senders import is_brand, of_bound_line, of_mail, of_sender
from numbank.codes.services.templates import Match
from numbank.codes.services.titles import has_title_but, is_signature, is_title

Kind = Literal["sms", "email", "voice"]

CLEAR = 0.7
"""From this confidence on a service is clearly named."""

_BOUND, _TEMPLATE, _SENDER, _TITLE, _OF_CODE = 0.99, 0.97, 0.95, 0.93, 0.9
_LED, _SIGNATURE, _MENTION, _FAINT = 0.85, 0.83, 0.75, 0.55
_MOST_WITH_MONEY = 8
_MAIL_ADDRESS, _MAIL_NAME = 0.96, 0.8
_CHANNEL_REACH = 120
_MAIL_HEAD = 600
"""Characters of a mail in which a bare name counts: footers are full of the names of others."""


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
    return [Claim(owners, _SENDER, "the sender")] if owners else []


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
    return _FAINT if is_foreign else _MENTION


def _of_mentions(reading: Reading, mentions: Sequence[Mention], kind: Kind, bare: float) -> list[Claim]:
    tail = hash_start(reading.text)
    own_end = len(reading.text) if tail is None else tail
    is_payment = _is_payment(reading, mentions)
    is_priced = reading.has("currency")
    claims: list[Claim] = []
    led: list[Claim] = []
    rest: list[Mention] = []
    for mention in mentions:
        if is_title(reading, mention):
            claims.append(_claim(mention, _TITLE, "the title"))
        elif is_of_code(reading, mention, is_priced=is_priced):
            claims.append(_claim_of_code(reading, mention, _OF_CODE))
        elif is_signature(reading, mention, own_end, is_mail=kind == "email"):
            claims.append(_claim(mention, _SIGNATURE, "the signature"))
        elif is_led_to(reading, mention, is_priced=is_priced):
            led.append(_claim_of_code(reading, mention, _LED))
        else:
            rest.append(mention)
    if not any(claim.confidence in (_TITLE, _OF_CODE) for claim in claims):
        claims += led  # else it is known whose code it is: "[X] code to link your Y"
    is_list = len({mention.owners for mention in rest}) > (1 if kind == "email" else 2)  # "Facebook Instagram Twitter"
    if rest and not claims and kind != "email" and has_title_but(reading, mentions):
        bare = min(bare, _FAINT)
    if not (claims or is_payment or is_list):
        worths = ((mention, _worth(reading, mention, kind, bare)) for mention in rest)
        claims += [_claim(mention, worth, "its name in the text") for mention, worth in worths if worth][:1]
    return claims


def _is_payment(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Whether the message is about money: then it may name the shop where a card was used. Not what is part of a name, and
    no "account" that codes are for as well.
    """
    topics = {(cue.start, cue.end) for cue in reading.cues.get("topic", [])}
    # An account that one logs in to is none of a bank.
    kinds = ("currency",) if reading.has("account") else ("money", "currency")
    cues = [cue for kind in kinds for cue in reading.cues.get(kind, ())]
    return any(
        (cue.start, cue.end) not in topics
        and not any(mention.start <= cue.start < mention.end for mention in mentions[:_MOST_WITH_MONEY])
        for cue in cues
    )


def _claim(mention: Mention, confidence: float, why: str) -> Claim:
    is_word = mention.name.is_everyday and not mention.name.is_small
    return Claim(mention.owners, confidence, why, mention.span, is_word)


def _claim_of_code(reading: Reading, mention: Mention, confidence: float) -> Claim:
    """An everyday word in small letters may be one after all: "your signal code" in a transcript."""
    name = mention.name
    is_unsure = name.is_everyday and not name.is_small and reading.text[mention.start : mention.end].islower()
    is_unsure = is_unsure or goes_on_as_other(reading, mention)
    return _claim(mention, _FAINT if is_unsure else confidence, "whose code it is")


def _worth(reading: Reading, mention: Mention, kind: Kind, bare: float) -> float:
    """What a name is worth that stands somewhere in the text; 0: nothing."""
    name, written = mention.name, reading.text[mention.start : mention.end]
    if not bare or (kind == "email" and mention.start > _MAIL_HEAD) or _is_channel(reading, mention):
        return 0.0
    is_of_message = bool(reading.nouns)
    bare = bare if _is_at_code(reading, mention) else min(bare, _FAINT)
    if name.is_distinctive and not written.islower():
        return bare if kind != "email" or "\n" not in reading.text[: mention.start] else _FAINT
    if name.is_distinctive and name.is_chosen and is_of_message:
        return _FAINT
    if (
        name.is_chosen
        and not written.islower()
        and not is_mere_word(reading, mention)
        and is_by_account(reading, mention)
    ):
        return _FAINT
    if name.is_everyday and not (name.is_capitals and written.isupper() and not _is_loud(reading.text)):
        return 0.0
    return _FAINT if is_of_message and name.is_chosen and not written.islower() else 0.0


def _is_at_code(reading: Reading, mention: Mention) -> bool:
    """Whether a name stands in the first sentence or in one about the code, and not in a warning: further sentences
    tell of help, of partners, of swindlers.
    """
    begin, end = reading.sentence_at(mention.start)
    if reading.has("warn", begin, mention.start):
        return False
    return not reading.text[:begin].strip() or any(reading.has(kind, begin, end) for kind in LEADERS)


def _is_loud(text: str) -> bool:
    """Whether all letters are capitals, so that capitals tell nothing."""
    return all(map(str.isupper, filter(str.isalpha, text)))


def _is_channel(reading: Reading, mention: Mention) -> bool:
    """Whether the sentence before the name says that one can follow, write or download there."""
    begin = max(reading.sentence_at(mention.start)[0], mention.start - _CHANNEL_REACH)
    return _channel().search(reading.shadow[begin : mention.start]) is not None


@functools.cache
def _channel() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(brand_words()["channel"]))))
