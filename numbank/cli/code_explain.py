"""What `numbank code explain` finds out; code_show.py prints it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from numbank.catalogue import hints
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Service
from numbank.catalogue.tables import shipped
from numbank.cli.access import Office
from numbank.codes import Brands
from numbank.codes.decide import Found
from numbank.codes.explain import Explanation, SeenMask, explain
from numbank.codes.mail import read_mail_and_text, weighed_links
from numbank.codes.mail.links import Weighed
from numbank.codes.message import Message, read_message
from numbank.codes.plain import normalise
from numbank.codes.prior import steps_of, with_prior
from numbank.codes.rows import Kind, parts
from numbank.codes.services import Hint, service_of
from numbank.codes.services.templates import Match
from numbank.codes.spoken import as_numbers
from numbank.codes.spoken.runs import HEARD_LIMIT
from numbank.messages.habits import Habits
from numbank.messages.match import Seeker, match


class Question(msgspec.Struct, frozen=True):
    """What is asked: a text as `sms`, `email` or `voice`, the ISO code of its number's country, and who leased it."""

    text: str
    sender: str
    kind: Kind
    country: str
    leased: Service | None


class Knowledge(msgspec.Struct, frozen=True):
    """What a bank knows: its services, what operators told of them, and their habits."""

    catalogue: Catalogue
    hints: list[Hint]
    habits: Habits


class _Read(msgspec.Struct, frozen=True):
    """What was read, and why. `heard`: of a call, its text with digits; `links`: of a mail, what each is worth."""

    message: Message
    why: Explanation
    matches: list[Match]
    heard: str | None = None
    link: str | None = None
    links: list[Weighed] = []


async def knowledge_of(office: Office) -> Knowledge:
    """What the bank knows."""
    habits = Habits()
    await habits.load(office.pool, office.catalogue.services.values())
    return Knowledge(office.catalogue, hints.as_hints(await hints.everything(office.pool)), habits)


def new_knowledge() -> Knowledge:
    """What a bank knows on its first day."""
    catalogue, habits = shipped(), Habits()
    habits.learn([(service.id, service.code) for service in catalogue.services.values()], [], [])
    return Knowledge(catalogue, [], habits)


def explained(bank: Knowledge, asked: Question) -> dict[str, Any]:
    """The answer as a node of this bank would give it, and everything that it was made of."""
    brands = Brands.build(bank.catalogue.spellings, bank.hints)
    read = _read(asked, brands)
    message, why = read.message, read.why
    shown: dict[str, Any] = {
        "kind": asked.kind, **_answer(message.found), "link": read.link,
        "service": None if message.service is None else msgspec.to_builtins(message.service),
        "names": _titled(message.services, brands),
        "templates": [{"service": one.service, "template": one.pattern} for one in read.matches],
        "why": _decision(read, asked.kind), "heard": read.heard, "text": why.text,
        "is_cut": why.is_cut or (read.heard is not None and len(asked.text) > HEARD_LIMIT),
        "links": msgspec.to_builtins(read.links),
        "candidates": [{**msgspec.to_builtins(one), "score": one.score} for one in why.candidates],
        "cues": msgspec.to_builtins(why.cues), "masks": msgspec.to_builtins(_masks(why)),
    }  # fmt: skip
    if asked.leased is not None:
        shown["leased_for"] = _leased(bank, asked, message, asked.leased)
    return shown


def _read(asked: Question, brands: Brands) -> _Read:
    if asked.kind == "email":
        subject, body = parts(asked.text)
        mail, visible = read_mail_and_text(subject, body, None, asked.sender)
        text = f"{subject}\n{visible or body}"
        found = Found(mail.code, mail.confidence if mail.code or mail.uncertain else 0.0, mail.uncertain, mail.ranked)
        service = service_of(text, asked.sender, brands, kind="email")
        links = weighed_links(subject, body, None, asked.sender)
        why = explain(text, sender=asked.sender)
        return _Read(Message(found, frozenset(), service), why, [], link=mail.link, links=links)
    message = read_message(asked.text, asked.sender, brands, kind=asked.kind, country=asked.country)
    matches = brands.templates.find(normalise(asked.text), asked.country)
    heard = as_numbers(asked.text) if asked.kind == "voice" else None
    return _Read(message, explain(heard or asked.text, sender=asked.sender), matches, heard)


def _masks(why: Explanation) -> list[SeenMask]:
    """What is masked; the groups of a number that is a candidate as a whole are not."""
    whole = [one for one in why.candidates if one.veto is None and one.evidence]
    return [mask for mask in why.masks if not any(one.start <= mask.start and mask.end <= one.end for one in whole)]


def _titled(codes: Iterable[str], brands: Brands) -> list[dict[str, str]]:
    return [{"code": code, "name": brands.titles.get(code, code)} for code in sorted(codes)]


def _leased(bank: Knowledge, asked: Question, message: Message, leased: Service) -> dict[str, Any]:
    """What the message is to a lease for a service that is alone on its number: whether it gets it, and which code."""
    by_code, any_ids = bank.catalogue.by_code, bank.catalogue.any_service_ids
    services = frozenset(by_code[code].id for code in message.services if code in by_code)
    is_any = leased.id in any_ids
    whose = by_code.get(message.service.code, leased) if is_any and message.service and services else leased
    known = bank.habits.prior_of(whose.id)
    is_own = whose.code in message.senders
    steps = {} if message.found.code else {
        one.code: {"score": one.score} | steps_of(one.code, known, asked.sender, is_own_sender=is_own)
        for one in message.found.ranked
    }  # fmt: skip
    found = with_prior(message.found, known, asked.sender, is_own_sender=is_own)
    return {
        "service": leased.code, "gets_it": match(services, [Seeker(0, leased.id, any_service=is_any)]) is not None,
        "usual": [msgspec.to_builtins(one) for one in sorted(known.usual, key=str)],
        "senders": sorted(known.senders), "steps": steps, **_answer(found),
    }  # fmt: skip


def _decision(read: _Read, kind: Kind) -> str:
    """Why this is the answer. What the plain text alone did not give was found by whoever knows more."""
    found, why = read.message.found, read.why
    if (found.code, found.uncertain, found.confidence) == (why.found.code, why.found.uncertain, why.found.confidence):
        return why.decision
    starts = {one.code_start for one in read.matches}
    shown = {one.code for one in why.candidates if one.start in starts}
    if kind == "email":
        more = f"a mail is read by its parts: subject, lines, cells, boxes{_sure(found)}"
    elif kind == "voice":
        more = f"a call is read by how numbers are said in it{_sure(found)}"
    elif found.code in shown:
        more = f"a template says where the code stands{_sure(found)}"
    else:
        more = f"the names of services were read as names only{_sure(found)}"
    return f"{more}; without that: {why.decision}"


def _sure(found: Found) -> str:
    return f" ({found.confidence:g})" if found.confidence else ""


def _answer(found: Found) -> dict[str, object]:
    return {"code": found.code, "uncertain": found.uncertain, "confidence": found.confidence}
