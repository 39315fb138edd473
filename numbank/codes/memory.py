"""Reads messages and remembers what it found for each shape, so that the next one of a template costs a tenth.

It keeps no text and no digit: of the shape a digest under a key of its own, of a code the place where it stands. All that a
reading depends on besides the shape goes into the digest. Only the names of services do not: other ones have another memory.
"""

import functools
import os
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from numbank.codes.decide import Found, Scored
from numbank.codes.judging import own_number
from numbank.codes.lexicon import lexicon
from numbank.codes.message import Message, read_plain
from numbank.codes.places import Places, code_at, places_of
from numbank.codes.plain import Plain, normalise
from numbank.codes.services.names import Brands
from numbank.codes.services.senders import is_brand, of_sender
from numbank.codes.services.templates import Match
from numbank.codes.shapes import shape_of
from numbank.codes.wordlist import table
from numbank.codes.words import numbers_in

MOST_SHAPES = 4_096
"""Shapes that are kept, those that came last: 1 KB each."""
MOST_MET = 8_192
"""Shapes that came once: they are kept when they come again, so that messages that are all different drive nothing out."""

_REMEMBERED_SENDERS = 4_096
_PART = "\x02"


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """What was read, with places for codes: `found` has none, the best of the ranked is the certain one or the guess."""

    message: Message
    ranked: tuple[tuple[Places, float], ...]
    is_certain: bool
    is_guess: bool


class Memory:
    """Reads SMS with the names of services that it was made for. For one thread."""

    def __init__(self, brands: Brands) -> None:
        self._brands = brands
        self._names = brands.numbers | _own_numbers()
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._met: OrderedDict[bytes, None] = OrderedDict()
        self._secret = os.urandom(16)
        self._head = functools.lru_cache(_REMEMBERED_SENDERS)(self._read_sender)
        self.hits = 0
        self.misses = 0
        """Messages whose shape was not there, or that have none."""

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, text: str, sender: str, country: str = "") -> Message:
        """The same as `read_message` of an SMS."""
        plain = normalise(text)
        matches = self._brands.templates.find(plain, country)
        key = self._key(plain, sender, country, matches)
        kept = self._kept.get(key) if key is not None else None
        if key is None or kept is None:
            self.misses += 1
            message = read_plain(plain, sender, self._brands, country, matches)
            if key is not None:
                self._meet(key, message, plain.text)
            return message
        self.hits += 1
        self._kept.move_to_end(key)
        return _filled(kept, plain.text)

    def _key(self, plain: Plain, sender: str, country: str, matches: Sequence[Match]) -> bytes | None:
        """A digest of all that the reading depends on; None if the message has no shape."""
        if plain.is_cut:
            return None
        head, own = self._head(sender, country)
        shape = shape_of(plain.text, own, self._names)
        if shape is None:
            return None
        shown = "".join([f"{one.service}{_PART}{one.pattern}{_PART}{one.code_start}{_PART}" for one in matches])
        whole = f"{head}{_PART}{shown}{_PART}{shape}"
        return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16, key=self._secret).digest()

    def _read_sender(self, sender: str, country: str) -> tuple[str, str]:
        """What counts of a sender besides the number or the name by which he calls himself; and that."""
        owners = of_sender(sender, self._brands, country) if sender else ()
        return f"{country}{_PART}{is_brand(sender):d}{','.join(owners)}", own_number(sender)

    def _meet(self, key: bytes, message: Message, text: str) -> None:
        """Keep what was read, if this is not the first of its shape."""
        if key not in self._met:
            self._met[key] = None
            if len(self._met) > MOST_MET:
                self._met.popitem(last=False)
            return
        del self._met[key]
        if (kept := _emptied(message, text)) is not None:
            self._kept[key] = kept
            if len(self._kept) > MOST_SHAPES:
                self._kept.popitem(last=False)


@functools.cache
def _own_numbers() -> frozenset[str]:
    """The numbers in the package's lists that no catalogue changes."""
    return lexicon().numbers | numbers_in(table("numbers/brands")["names"])


def _emptied(message: Message, text: str) -> _Kept | None:
    """What was read, without its codes; None if they cannot be found in the text again."""
    found = message.found
    ranked = []
    for one in found.ranked:
        places = places_of(one.code, text)
        if places is None or code_at(places, text) != one.code:
            return None
        ranked.append((places, one.score))
    best = found.ranked[0].code if found.ranked else None
    if (found.code or best) != best or (found.uncertain or best) != best:
        return None
    empty = msgspec.structs.replace(message, found=Found(None, found.confidence))
    return _Kept(empty, tuple(ranked), found.code is not None, found.uncertain is not None)


def _filled(kept: _Kept, text: str) -> Message:
    """What was read, with the codes of this text."""
    message = kept.message
    if not kept.ranked:
        return message
    ranked = tuple([Scored(code_at(places, text), score) for places, score in kept.ranked])
    best = ranked[0].code
    found = Found(best if kept.is_certain else None, message.found.confidence, best if kept.is_guess else None, ranked)
    return Message(found, message.services, message.service, message.senders)
