"""Makes up telephone numbers: mobile numbers as the country's plan has them, in an order that the seed decides. Pure."""

from __future__ import annotations

import functools
from zlib import crc32

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from numbank.clock import Chance

# Countries whose plan gives few numbers behind one lead use more digits than are sure to be valid.
SPARE = 4
_MOST_FREE = 9
_PROBES = 40
_LENGTH_WITHOUT_PLAN = 11


class Range(msgspec.Struct, frozen=True):
    """The numbers that begin with `lead` and have `free` more digits."""

    lead: str
    free: int

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(10**self.free)


def make(country_id: int, iso2: str, dialing_prefix: str, *, seed: int, start: int, count: int) -> list[int]:
    """Numbers start..start+count-1 of a country's endless-looking series; fewer when the series ends."""
    numbers = range_of(iso2, dialing_prefix, start + count)
    # A full-cycle walk: every number once, neighbours far apart, another order in every country of a shared range.
    step = crc32(b"step:%d:%d" % (seed, country_id)) * 10 + 3
    first = crc32(b"first:%d:%d" % (seed, country_id))
    return [
        int(f"{numbers.lead}{(first + step * place) % numbers.size:0{numbers.free}d}")
        for place in range(start, min(start + count, numbers.size))
    ]


def range_of(iso2: str, dialing_prefix: str, wanted: int) -> Range:
    """The range of a country: its example of a mobile number with as many free digits as stay valid, or are needed."""
    example, valid = _example(iso2, dialing_prefix)
    free = valid
    while 10**free < wanted * SPARE and free < _MOST_FREE:
        free += 1
    prefix = _prefixes(dialing_prefix)[0]
    lead = example[: max(len(example) - free, len(prefix))]
    return Range(lead, min(free, len(example) - len(lead)))


@functools.cache
def _example(iso2: str, dialing_prefix: str) -> tuple[str, int]:
    """A mobile number of a country, and how many of its last digits may be any."""
    prefixes = _prefixes(dialing_prefix)
    found = phonenumbers.example_number_for_type(iso2, PhoneNumberType.MOBILE)
    example = phonenumbers.format_number(found, PhoneNumberFormat.E164)[1:] if found is not None else ""
    if not example.startswith(tuple(prefixes)):
        lead = prefixes[0]
        return lead + "5" * (_LENGTH_WITHOUT_PLAN - len(lead)), _LENGTH_WITHOUT_PLAN - len(lead) - 2
    chance = Chance(crc32(iso2.encode()))
    longest = len(example) - max(len(prefix) for prefix in prefixes if example.startswith(prefix))
    for free in range(min(7, longest), 2, -1):
        head = example[:-free]
        if all(_is_valid(f"+{head}{chance.below(10**free):0{free}d}") for _ in range(_PROBES)):
            return example, free
    return example, 2


def _prefixes(dialing_prefix: str) -> list[str]:
    """Some countries have several: `1809;1829;1849`."""
    return dialing_prefix.split(";")


def _is_valid(e164: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(e164))
