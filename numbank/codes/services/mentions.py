"""Finds where a message names services: whole words, the longest name at each place, no addresses and no channels."""

import re
from bisect import bisect_right

import msgspec

from numbank.codes.masks import Masks
from numbank.codes.plain import Plain
from numbank.codes.services.name import Name, Owners, brand_words
from numbank.codes.services.names import Brands
from numbank.codes.words import joined, word_end

# The one or two words directly before a name, and the one behind it.
WORD_BEFORE = re.compile(r"([^\W\d_]+(?: [^\W\d_]+)?)[ ]\Z")
_WORD_AFTER = re.compile(r"[ '\u2019]?([^\W\d_]+)")
_DOMAIN = re.compile(r"(?:\.[a-z]{2,6}){0,2}")
_REACH = 40
MOST_MENTIONS = 40
"""Names that are looked at: a message has a few, a mail some more."""

_LONGEST_BEGINNING, _LONGEST_SIGN = 4, 6

# Scripts in which a name may stand within a run of letters, but not behind letters of its own script.
_HANGUL = range(0xAC00, 0xD7A4)
_KATAKANA = range(0x30A0, 0x3100)
_CYRILLIC = range(0x0400, 0x0530)
_SEMITIC = range(0x0590, 0x0780)


class Mention(msgspec.Struct, frozen=True):
    """A name at a place of a text."""

    start: int
    end: int
    name: Name
    owners: Owners

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


def mentions_of(plain: Plain, masks: Masks, brands: Brands, country: str) -> list[Mention]:
    """The names of a text in the order of their places."""
    shadow = plain.shadow
    spans = [
        (start, -end, brands.names[index])
        for index, start, end in brands.automaton.find_matches_as_indexes(shadow, overlapping=True)
    ]
    spans.sort(key=lambda span: span[:2])
    found = []
    last_end = 0
    for start, minus_end, name in spans:
        end = -minus_end
        if end <= last_end or not _is_whole(shadow, start, end, name):
            continue
        last_end = end
        owners = name.owners_in(country)
        if owners and not _is_elsewhere(plain, masks, start, end):
            found.append(Mention(start, end, name, owners))
            if len(found) == MOST_MENTIONS:
                break
    return found


def _is_whole(shadow: str, start: int, end: int, name: Name) -> bool:
    """Whether the name begins and ends as a word; a digit beside a letter goes on with the name ("Route66", "7eleven")."""
    if not _begins(shadow, start) or not _ends(shadow, end, name):
        return False
    return not _goes_on_with_digit(shadow, start) and not _goes_on_with_digit(shadow, end)


def _goes_on_with_digit(shadow: str, at: int) -> bool:
    pair = shadow[max(0, at - 1) : at + 1]
    return len(pair) == 2 and pair.isalnum() and pair.isascii() and not pair.isalpha()


def _begins(shadow: str, start: int) -> bool:
    if start == 0:
        return True
    before, point = ord(shadow[start - 1]), ord(shadow[start])
    if point in _HANGUL or point in _KATAKANA:
        return before not in (_HANGUL if point in _HANGUL else _KATAKANA)
    if not joined(shadow, start):
        return True
    if point not in _SEMITIC:
        return False
    begin = start
    while begin > 0 and start - begin <= _LONGEST_BEGINNING and joined(shadow, begin):
        begin -= 1
    return shadow[begin:start] in brand_words()["beginnings"]


def _ends(shadow: str, end: int, name: Name) -> bool:
    if end == len(shadow):
        return True
    after, point = ord(shadow[end]), ord(shadow[end - 1])
    if point in _KATAKANA:
        return after not in _KATAKANA or shadow.startswith(tuple(brand_words()["kana_behind"]), end)
    if not joined(shadow, end):
        return True
    if not name.is_distinctive:
        return False
    kind = "cyrillic_endings" if point in _CYRILLIC else "endings"
    return shadow[end : word_end(shadow, end)] in brand_words()[kind]


def _is_elsewhere(plain: Plain, masks: Masks, start: int, end: int) -> bool:
    """Whether the name is a piece of an address, part of another name ("Google Play"), or a channel ("Telegram bot")."""
    words = brand_words()
    if masks.cover(start) and not _is_own_host(plain.text, masks, start, end):
        return True
    after = _WORD_AFTER.match(plain.shadow, end, end + _REACH)
    if after and after[1] in words["not_before"]:
        return True
    if plain.shadow.startswith(tuple(words["signs_behind"]), end + plain.shadow.startswith(" ", end)):
        return True
    before = WORD_BEFORE.search(plain.shadow, max(0, start - _REACH), start)
    if before and not words["not_behind"].isdisjoint((before[1], before[1].rpartition(" ")[2])):
        return True
    if before and after and after[1] in words["divides"] and before[1].rpartition(" ")[2] in words["partners"]:
        return True
    return plain.shadow[max(0, start - _LONGEST_SIGN) : start].endswith(tuple(words["signs_before"]))


def _is_own_host(text: str, masks: Masks, start: int, end: int) -> bool:
    """Whether a name in an address is the whole host: "Mail.ru", "Acme.co.uk"; not the "facebook" of a link to a page."""
    address = masks.spans[bisect_right(masks.spans, start, key=_start) - 1]
    is_begin = address[0] == start or text[address[0] : start].lower() == "www."
    return is_begin and _DOMAIN.fullmatch(text, end, address[1]) is not None


def _start(span: tuple[int, int]) -> int:
    return span[0]
