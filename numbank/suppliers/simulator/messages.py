"""Writes messages in the style of a service: pure, and the same for the same chance.

A text names its service only where the bank reads that right: a name that is also an everyday word, or part of the name
of another service, would make the bank keep the message back. That is tried once per service and language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from numbank.catalogue.model import ANY_SERVICE_CODE, Service
from numbank.clock import Chance
from numbank.codes import Brands, named_services, recognise
from numbank.suppliers.simulator.templates import Book, book, fill

# A catalogue row may hold several names: "Instagram+Threads", "TikTok/Douyin".
_SEVERAL = re.compile(r"[/,;|]|(?<=\w)\+(?=\w)")
# An alphanumeric sender of an SMS has at most eleven characters of ASCII.
_LONGEST_SENDER = 11
_PROBE_SEED = 1

T = TypeVar("T")


class Text(msgspec.Struct, frozen=True):
    """A message that a service sends; `code` is what should be read in it."""

    sender: str
    text: str
    code: str | None


class Draft(msgspec.Struct, frozen=True):
    """A template that reads right for a service. `sender` empty: any gateway."""

    sender: str
    template: str
    brand: str


class Writer:
    """Writes for the services of one catalogue, whose names are `brands`."""

    def __init__(self, services: Mapping[str, Service], brands: Brands) -> None:
        self._services = services
        self._brands = brands
        self._book: Book = book()
        self._coded: dict[tuple[str, str], Sequence[Draft]] = {}
        self._silent: dict[tuple[str, str], Sequence[Draft]] = {}

    def coded(self, service: Service, iso2: str, chance: Chance) -> Text:
        """A message with a code to a number of a country."""
        return self._write(pick(self._coded_drafts(service, self._book.language(iso2)), chance), chance)

    def silent(self, service: Service, iso2: str, chance: Chance) -> Text:
        """A message without a code."""
        language = self._book.language(iso2)
        key = (service.code, language)
        if key not in self._silent:
            texts = self._book.languages[language]
            self._silent[key] = self._fitting(service, _drafts(texts.silent, brand_of(service, language))) or _drafts(
                texts.silent_plain
            )
        return self._write(pick(self._silent[key], chance), chance)

    def wrong(self, service: Service, iso2: str, chance: Chance) -> Text | None:
        """A message that clearly names another service; None if no decoy is clear for this catalogue."""
        decoys = [code for code in self._book.decoys if code != service.code and code in self._services]
        while decoys:
            decoy = self._services[decoys.pop(chance.below(len(decoys)))]
            text = self.coded(decoy, iso2, chance)
            named = named_services(text.text, text.sender, self._brands)
            if named and service.code not in named:
                return text
        return None

    def _coded_drafts(self, service: Service, language: str) -> Sequence[Draft]:
        """The drafts for a service in a language: those of its own style, else those with its name, else the plain ones."""
        key = (service.code, language)
        if key not in self._coded:
            texts = self._book.languages[language]
            style = self._book.styles.get(service.code)
            styled = [] if style is None else [Draft(style.sender, one, "") for one in style.texts.get(language, ())]
            self._coded[key] = (
                self._fitting(service, styled)
                or self._fitting(service, _drafts(texts.branded, brand_of(service, language)))
                or _drafts(texts.plain)
            )
        return self._coded[key]

    def _fitting(self, service: Service, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """The drafts in which the bank reads the right code and no other service."""
        return [draft for draft in drafts if self._reads_right(service, draft)]

    def _reads_right(self, service: Service, draft: Draft) -> bool:
        probe = self._write(draft, Chance(_PROBE_SEED))
        named = named_services(probe.text, probe.sender, self._brands)
        if named and service.code not in named:
            return False
        return recognise(probe.text, sender=probe.sender).code == probe.code

    def _write(self, draft: Draft, chance: Chance) -> Text:
        sender = draft.sender or pick(self._book.senders, chance)
        text, code = fill(draft.template, draft.brand, chance)
        return Text(sender, text, code)


def _drafts(templates: Sequence[str], brand: str | None = "") -> list[Draft]:
    """Drafts with a brand in text and sender; none for None, without a brand for the empty one."""
    if brand is None:
        return []
    sender = brand if len(brand) <= _LONGEST_SENDER and brand.isascii() else ""
    return [Draft(sender, template, brand) for template in templates]


def brand_of(service: Service, language: str) -> str | None:
    """What a service calls itself in a language: the first of its names; None for what is no service of its own."""
    if service.code == ANY_SERVICE_CODE:
        return None
    local = {"ru": service.name_ru, "uk": service.name_ru, "es": service.name_es}.get(language)
    return _SEVERAL.split(local or service.name_en)[0].strip() or None


def pick(choices: Sequence[T], chance: Chance) -> T:
    """One of several."""
    return choices[chance.below(len(choices))]
