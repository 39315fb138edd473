"""Collects who has which name, sender and site: the catalogue's rows, the package's knowledge, the operator's hints."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from numbank.codes.plain import spelled
from numbank.codes.services.hints import Hint, HintKind
from numbank.codes.services.knowledge import Known, knowledge
from numbank.codes.services.name import Name, Owners, brand_words, key_of, letters_of

_SEVERAL = re.compile(r"[/,;|]|(?<=\w)\+(?=\w)")  # "Instagram+Threads", "TikTok/Douyin": a row may hold several names
_SHORTEST, _DISTINCTIVE = 2, 5
_NO_BLANKS = "\u2e80"  # from here on: scripts in which two characters can be a whole name


class Table:
    """Collects who has which name, sender and site."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        self.rows = {code: names for code, names in rows.items() if code not in brand_words()["no_service"]}
        self.known: dict[str, Known] = {}
        for first, known in knowledge().items():
            codes = [code for code in (first, *known.also) if code in self.rows]
            self.known |= dict.fromkeys(codes, known)
        self.titles: dict[str, str] = {}
        self._owners: dict[str, dict[str, int]] = {}  # by name, its services with their rank
        self._everyday: set[str] = set(brand_words()["ordinary"])
        self._capitals: set[str] = set()
        self._small: set[str] = set()
        self._local: dict[tuple[str, str], Owners] = {}
        self._local_senders: dict[tuple[str, str], Owners] = {}
        for code, names in self.rows.items():
            self._add_row(code, names)

    def _add_row(self, code: str, names: Sequence[str]) -> None:
        known = self.known.get(code)
        self.titles[code] = known.name if known else (names[0] if names else code)
        main = spelled(known.name) if known else ""
        for name in _pieces(names):
            self._add(name, code, 4 if known is None else 0 if name == main and code not in known.also else 2)
        if known is None:
            return
        is_twin = code in known.also
        for spelling in known.spellings:
            name = spelled(spelling)
            self._add(name, code, 3 if is_twin else 0 if name == main else 1)
            if spelling.isupper():
                self._capitals.add(name)
        if known.name.islower():
            self._small.add(main)
        self._everyday.update(map(spelled, known.everyday))

    def _add(self, name: str, code: str, rank: int) -> None:
        if name in brand_words()["never"] or not any(map(str.isalpha, name)):
            return
        owners = self._owners.setdefault(name, {})
        owners[code] = min(rank, owners.get(code, rank))

    def add_hint(self, hint: Hint) -> None:
        name, key = spelled(hint.text), key_of(hint.text)
        if hint.kind is HintKind.NAME and any(map(str.isalpha, name)):
            if hint.country:
                self._owners.setdefault(name, {})
                self._local[hint.country, name] = (*self._local.get((hint.country, name), ()), hint.service)
            else:
                self._local["", name] = (*self._local.get(("", name), ()), hint.service)
                self._owners[name] = dict.fromkeys(self._local["", name], 0)
        if hint.kind is not HintKind.TEMPLATE and key:
            place = (hint.country, key)
            self._local_senders[place] = (*self._local_senders.get(place, ()), hint.service)

    def names(self) -> dict[str, Name]:
        """The names that are looked for in texts, and the phrases that are none."""
        words = brand_words()
        found = {text: Name(()) for text in words["phrases"]}
        local: dict[str, dict[str, Owners]] = {}
        for (country, text), codes in self._local.items():
            if country:
                local.setdefault(text, {})[country] = codes
        for text, owners in self._owners.items():
            if len(text) < _SHORTEST or text in words["sender_only"]:
                continue
            found[text] = self._named(text, _ranked(owners), local.get(text, {}))
        return found

    def _named(self, text: str, owners: Owners, local: Mapping[str, Owners]) -> Name:
        letters = sum(map(str.isalpha, text))
        everyday = text in self._everyday or (len(text) < 3 and text[0] < _NO_BLANKS)
        return Name(
            owners,
            is_everyday=everyday,
            is_distinctive=not everyday and (letters >= _DISTINCTIVE or text[0] >= _NO_BLANKS),
            is_chosen=any(code in self.known for code in owners),
            is_capitals=text in self._capitals and letters > _SHORTEST,
            is_small=text in self._small,
            local=MappingProxyType(local),
        )

    def senders(self) -> dict[tuple[str, str], Owners]:
        """Names, and the ids of the package and the operator."""
        ranks: dict[tuple[str, str], dict[str, int]] = {}
        for name, owners in self._owners.items():
            place = ranks.setdefault(("", letters_of(name)), {})
            for code, rank in owners.items():
                place[code] = min(rank, place.get(code, rank))
        for code, known in self.known.items():
            for sender in known.senders:
                country, _, text = sender.rpartition(":")
                ranks.setdefault((country, key_of(text)), {}).setdefault(code, 2)
        found = {place: _ranked(owners) for place, owners in ranks.items() if place[1] and owners}
        return found | self._local_senders

    def hosts(self, field: str) -> dict[str, Owners]:
        """The package's sites of one kind."""
        found: dict[str, dict[str, int]] = {}
        for code, known in self.known.items():
            for host in getattr(known, field):
                found.setdefault(host, {})[code] = int(code in known.also)
        return {host: _ranked(owners) for host, owners in found.items()}


def _ranked(owners: Mapping[str, int]) -> Owners:
    return tuple(sorted(owners, key=owners.__getitem__))


def _pieces(names: Sequence[str]) -> Iterator[str]:
    for row in names:
        for piece in _SEVERAL.split(spelled(row)):
            if name := " ".join(piece.split()):
                yield name
