"""Keeps the names, senders and sites of all services ready for one pass over a message."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec
from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.services.hints import Hint, HintKind
from numbank.codes.services.knowledge import knowledge
from numbank.codes.services.name import Name, Owners, key_of, letters_of
from numbank.codes.services.table import Table
from numbank.codes.services.templates import Template, Templates, compile_templates
from numbank.codes.words import numbers_in

__all__ = ["Brands", "key_of", "own_brands"]


class Brands(msgspec.Struct, frozen=True):
    """What tells services apart: the catalogue's names, the package's knowledge, the operator's hints. Only read."""

    names: tuple[Name, ...]
    automaton: AhoCorasick
    senders: Mapping[tuple[str, str], Owners]
    """By country ("" for all) and sender id, without blanks and signs; names are senders too."""
    hosts: Mapping[str, Owners]
    """By site; sub-sites belong to it."""
    open_hosts: Mapping[str, Owners]
    titles: Mapping[str, str]
    """How each service is called."""
    everyday: frozenset[str]
    """Keys of names that are everyday words."""
    templates: Templates
    refused: tuple[str, ...] = ()
    """A line for each hint that cannot be used."""
    numbers: frozenset[str] = frozenset()
    """The long numbers in names, senders and sites."""

    @classmethod
    def build(cls, rows: Iterable[tuple[str, Sequence[str]]], hints: Iterable[Hint] = ()) -> "Brands":
        """Rows of the catalogue: the service's code and its names in any language, aliases among them.

        What the package and the operator know counts for the services of these rows only.
        """
        table = Table(dict(rows))
        hints = [hint for hint in hints if hint.service in table.rows]
        for hint in hints:
            table.add_hint(hint)
        templates, refused = compile_templates(_templates(table.rows, hints))
        names = table.names()
        senders, hosts, open_hosts = table.senders(), table.hosts("hosts"), table.hosts("open_hosts")
        return cls(
            names=tuple(names.values()),
            automaton=AhoCorasick(list(names), matchkind=MatchKind.Standard),
            senders=MappingProxyType(senders),
            hosts=MappingProxyType(hosts),
            open_hosts=MappingProxyType(open_hosts),
            titles=MappingProxyType(table.titles),
            everyday=frozenset(letters_of(text) for text, name in names.items() if name.is_everyday),
            templates=templates,
            refused=tuple(refused),
            numbers=numbers_in((*names, *(key for _, key in senders), *hosts, *open_hosts)),
        )

    def sender(self, key: str, country: str) -> Owners:
        """The services that send under this id to a country; "" is an unknown one."""
        return self.senders.get((country, key)) or self.senders.get(("", key), ())

    def site(self, host: str, *, is_open: bool) -> Owners:
        """The services whose site a host belongs to; with `is_open` also of those where everybody can have one."""
        labels = host.split(".")
        for index in range(len(labels) - 1):
            site = ".".join(labels[index:])
            if owners := self.hosts.get(site) or (self.open_hosts.get(site, ()) if is_open else ()):
                return owners
        return ()

    def is_open(self, owners: Owners) -> bool:
        """Whether everybody can have an address of these services: then their name in an address says nothing."""
        return any(not set(owners).isdisjoint(others) for others in self.open_hosts.values())


def _templates(codes: Iterable[str], hints: Sequence[Hint]) -> Iterator[Template]:
    """The operator's, and those of the package that he did not replace."""
    replaced: dict[str, set[str]] = {}
    for hint in hints:
        if hint.kind is HintKind.TEMPLATE:
            replaced.setdefault(hint.service, set()).add(hint.country)
            yield Template(hint.service, hint.text, hint.country)
    all_codes = frozenset(codes)
    for code, known in knowledge().items():
        countries = replaced.get(code, set())
        if code in all_codes and "" not in countries:
            but_not = frozenset(countries)
            yield from (Template(code, pattern, but_not=but_not, is_known=True) for pattern in known.templates)


@functools.cache
def own_brands() -> Brands:
    """The services that the package knows, without any catalogue."""
    known = knowledge()
    rows = [(code, (service.name,)) for first, service in known.items() for code in (first, *service.also)]
    return Brands.build(rows)
