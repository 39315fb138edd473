"""Reads a message once for both: its one-time code and its services."""

from collections.abc import Sequence

import msgspec

from numbank.codes.decide import MOST_RANKED, Found, Scored, bound_in, clear_winner, scored
from numbank.codes.judging import cases_of
from numbank.codes.lexicon import lexicon
from numbank.codes.plain import Plain, normalise, shadow_of
from numbank.codes.reading import Reading, read
from numbank.codes.services.claims import BY_SENDER, CLEAR, Claim, Kind, claims_of
from numbank.codes.services.named import Service, clear, likeliest
from numbank.codes.services.names import Brands
from numbank.codes.services.templates import Match
from numbank.codes.spoken import hear

_TEMPLATE_CONFIDENCE = 0.97
_ALONE_CONFIDENCE = 0.8
# Stands for the name of a service: a word of no language, with a capital.
_ANY_NAME = "Xqx"


class Message(msgspec.Struct, frozen=True):
    """What a message is worth. `services`: those that it clearly names, by its words where these name another one than its
    sender; `service`: the likeliest of them; `senders`: those that its sender is known to be.
    """

    found: Found
    services: frozenset[str]
    service: Service | None
    senders: frozenset[str] = frozenset()


def read_message(
    text: str, sender: str, brands: Brands, *, kind: Kind = "sms", country: str = "", language: str = ""
) -> Message:
    """The code and the services of an SMS or the transcript of a call (`kind` voice) to a number of a country (ISO 3166,
    "" if unknown). `language` (BCP 47) is that of the transcript, if it is known. Mails have a reader of their own.
    """
    plain = normalise(text)
    matches = brands.templates.find(plain, country)
    if kind == "sms":
        return read_plain(plain, sender, brands, country, matches)
    claims = claims_of(plain, read(plain, lexicon()), sender, brands, kind=kind, country=country, matches=matches)
    return _of(hear(text, sender=sender, language=language), claims, brands)


def read_plain(plain: Plain, sender: str, brands: Brands, country: str, matches: Sequence[Match]) -> Message:
    """The code and the services of an SMS in its plain spelling, whose templates are known."""
    reading = read(plain, lexicon())
    claims = claims_of(plain, reading, sender, brands, country=country, matches=matches)
    found = _found(plain, reading, sender, matches)
    names = [claim.span for claim in claims if claim.confidence >= CLEAR and claim.span[1] and not claim.is_word]
    if found.code is None and names:
        found = _without_names(plain, sender, names) or found
    return _of(found, claims, brands)


def _of(found: Found, claims: Sequence[Claim], brands: Brands) -> Message:
    by_sender = [claim for claim in claims if claim.why == BY_SENDER]
    by_words = [claim for claim in claims if claim.why != BY_SENDER]
    senders, said = clear(by_sender), clear(by_words)
    if said and said.isdisjoint(senders):  # the words say whose code it is; whoever sent it only carried it
        return Message(found, said, likeliest(by_words, brands), senders)
    return Message(found, clear(claims), likeliest(claims, brands), senders)


def _found(plain: Plain, reading: Reading, sender: str, matches: Sequence[Match]) -> Found:
    """What `recognise` finds, but for a known template that shows where the code stands: there is no doubt then.

    The code must be one by its form all the same, and nothing may speak against it.
    """
    if bound := bound_in(plain):
        return bound
    cases = cases_of(plain, reading, sender)
    scores = scored(cases)
    starts = {match.code_start for match in matches}
    shown = {case.candidate.code for case in cases if case.candidate.start in starts}
    if len(shown) != 1:
        return clear_winner(scores)
    code = shown.pop()
    others = clear_winner({other: evidence for other, evidence in scores.items() if other != code}).ranked
    best = Scored(code, _TEMPLATE_CONFIDENCE)
    return Found(code, _TEMPLATE_CONFIDENCE, ranked=(best, *others)[:MOST_RANKED])


def _without_names(plain: Plain, sender: str, names: Sequence[tuple[int, int]]) -> Found | None:
    """What is found when the names of services are just names: the "bunq" of "your bunq code" makes no other code of it,
    and a message with nothing but a name and a number is of a code.
    """
    text = plain.text
    for start, end in names:
        text = text[:start] + _ANY_NAME.ljust(end - start, _ANY_NAME[-1])[: end - start] + text[end:]
    renamed = Plain(text, shadow_of(text), plain.is_cut)
    cases = cases_of(renamed, read(renamed, lexicon()), sender)
    found = clear_winner(scored(cases))
    if found.code is not None:
        return found
    spans = sorted([*names, *((case.candidate.start, case.candidate.end) for case in cases)])
    is_alone = len({case.candidate.code for case in cases}) == 1 and not _has_more(text, spans)
    if not is_alone or cases[0].candidate.is_mixed:
        return None
    code = cases[0].candidate.code
    return Found(code, _ALONE_CONFIDENCE, ranked=(Scored(code, _ALONE_CONFIDENCE),))


def _has_more(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether there are letters or digits outside of these spans, which are in order."""
    at = 0
    for start, end in spans:
        if any(map(str.isalnum, text[at:start])):
            return True
        at = max(at, end)
    return any(map(str.isalnum, text[at:]))
