"""What `numbank code explain` finds out and how it prints it."""

from __future__ import annotations

import textwrap
from typing import Any

import msgspec
from rich.cells import cell_len

from numbank.catalogue import hints
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Service
from numbank.catalogue.tables import shipped
from numbank.cli import screen
from numbank.cli.access import Office
from numbank.codes import Brands
from numbank.codes.decide import Found
from numbank.codes.explain import Explanation, explain
from numbank.codes.mail import MailFound, read_mail_and_text
from numbank.codes.message import read_message
from numbank.codes.plain import normalise
from numbank.codes.prior import with_prior
from numbank.codes.rows import Kind, parts
from numbank.codes.services import Hint, service_of
from numbank.codes.spoken import as_numbers, hear
from numbank.messages.habits import Habits

WIDTH = 100


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


async def knowledge_of(office: Office) -> Knowledge:
    """What the bank knows."""
    habits = Habits()
    await habits.load(office.pool, [(service.id, service.code) for service in office.catalogue.services.values()])
    return Knowledge(office.catalogue, hints.as_hints(await hints.everything(office.pool)), habits)


def new_knowledge() -> Knowledge:
    """What a bank knows on its first day."""
    catalogue, habits = shipped(), Habits()
    habits.learn([(service.id, service.code) for service in catalogue.services.values()], [], [])
    return Knowledge(catalogue, [], habits)


def explained(bank: Knowledge, asked: Question) -> dict[str, Any]:
    """The answer as a node of this bank would give it, and everything that it was made of."""
    brands = Brands.build([(service.code, service.names) for service in bank.catalogue.services.values()], bank.hints)
    mail, read, found, why = _read(asked, brands)
    named = service_of(read, asked.sender, brands, kind=asked.kind, country=asked.country)
    shown: dict[str, Any] = {
        **_answer(found), "link": mail.link if mail else None,
        "service": None if named is None else msgspec.to_builtins(named),
        "templates": [
            {"service": one.service, "pattern": one.pattern}
            for one in brands.templates.find(normalise(asked.text), asked.country)
        ],
        "why": _decision(found, why, asked.kind), "text": why.text, "is_cut": why.is_cut,
        "candidates": [{**msgspec.to_builtins(one), "score": one.score} for one in why.candidates],
        "cues": msgspec.to_builtins(why.cues), "masks": msgspec.to_builtins(why.masks),
    }  # fmt: skip
    if asked.leased is not None:
        known = bank.habits.prior_of(asked.leased.id)
        shown["leased_for"] = {
            "service": asked.leased.code, "usual": [msgspec.to_builtins(one) for one in sorted(known.usual, key=str)],
            "senders": sorted(known.senders), **_answer(with_prior(found, known, asked.sender)),
        }  # fmt: skip
    return shown


def _read(asked: Question, brands: Brands) -> tuple[MailFound | None, str, Found, Explanation]:
    """What is read in the text, the text in which its service is looked for, and why."""
    if asked.kind == "email":
        subject, body = parts(asked.text)
        mail, visible = read_mail_and_text(subject, body, None, asked.sender)
        text = f"{subject}\n{visible or body}"
        found = Found(mail.code, mail.confidence, mail.uncertain, mail.ranked)
        return mail, text, found, explain(text, sender=asked.sender)
    if asked.kind == "voice":
        return (
            None,
            asked.text,
            hear(asked.text, sender=asked.sender),
            explain(as_numbers(asked.text), sender=asked.sender),
        )
    read = read_message(asked.text, asked.sender, brands, country=asked.country)
    return None, asked.text, read.found, explain(asked.text, sender=asked.sender)


def _decision(found: Found, why: Explanation, kind: Kind) -> str:
    """Why this is the answer. What the plain text alone did not give was found by whoever knows more."""
    if (found.code, found.uncertain) == (why.found.code, why.found.uncertain):
        return why.decision
    more = {"sms": "a template says where the code stands", "email": "the parts of a mail", "voice": "how it was said"}
    return f"{more[kind]} decided; of the text alone: {why.decision}"


def _answer(found: Found) -> dict[str, object]:
    return {"code": found.code, "uncertain": found.uncertain, "confidence": found.confidence}


def show(found: dict[str, Any]) -> None:
    """Print it for people."""
    _line("code", _code(found))
    if found["link"]:
        _line("link", found["link"])
    service = found["service"]
    _line(
        "service",
        f"{service['code']}, {service['name']} ({service['confidence']:g}): {service['why']}"
        if service
        else "none is clear",
    )
    if "leased_for" in found:
        leased = found["leased_for"]
        looks = ", ".join(
            f"{one['length']} {'letters and digits' if one['letters'] else 'digits'}" for one in leased["usual"]
        )
        _line(f"for {leased['service']}", f"{_code(leased)}; usual: {looks or 'nothing is known'}")
    for one in found["templates"]:
        _line("template", f"of {one['service']}: {one['pattern']}")
    _line("why", found["why"])
    _line("text", found["text"] + (" [the rest is not read]" if found["is_cut"] else ""))
    _table(("candidate", "score", "after", "for it", "against it"), (_candidate(one) for one in found["candidates"]))
    _table(("cue", "words"), _kinds(found["cues"]))
    _table(("masked", "as"), ((one["words"], one["reason"]) for one in found["masks"]))


def _line(title: str, text: str) -> None:
    """A titled text; a long one goes on below itself."""
    shown = screen.plain(text)
    is_wide = cell_len(shown) > len(shown)  # letters that take two places
    lines = textwrap.wrap(shown, WIDTH // 2 if is_wide else WIDTH) or [""]
    for index, line in enumerate(lines):
        screen.out.print(f"{title if not index else '':<8}  {line}", markup=False)


def _code(found: dict[str, Any]) -> str:
    if found["code"]:
        return f"{found['code']} ({found['confidence']:g})"
    return (
        f"none is certain; the best guess is {found['uncertain']} ({found['confidence']:g})"
        if found["uncertain"]
        else "none"
    )


def _table(columns: tuple[str, ...], rows: Any) -> None:
    cells = list(rows)
    if cells:
        screen.out.print()
        screen.table(columns, cells)


def _candidate(one: dict[str, Any]) -> tuple[object, ...]:
    against = [one["veto"]] if one["veto"] else []
    best = one["evidence"][0] if one["evidence"] else None
    reasons = f"{best['why']} {best['points']:g}" if best else ""
    against += [" ".join(str(part) for part in doubt.values()) for doubt in best["doubts"]] if best else []
    return one["code"], f"{one['score']:g}", one["owner"], reasons, ", ".join(against)


def _kinds(cues: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The words of each kind of cue."""
    found: dict[str, dict[str, None]] = {}
    for cue in cues:
        found.setdefault(cue["kind"], {})[cue["words"]] = None
    return [(kind, ", ".join(words)) for kind, words in found.items()]
