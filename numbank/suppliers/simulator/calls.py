"""Makes up calls: a caller of the country whose number ends in the code, or a voice that says it. Pure.

There is no voice: the simulator's calls have transcripts and no recordings.
"""

from __future__ import annotations

from numbank.clock import Chance
from numbank.suppliers.simulator.messages import pick
from numbank.suppliers.simulator.numbering import range_of
from numbank.suppliers.simulator.templates import DEFAULT, book

# Enough callers that their last digits look like codes.
CALLERS = 100_000
SPOKEN_DIGITS = 6
SPOKEN = "{spoken}"
# Too short for a code, as calls from short numbers are.
SHORT_CALLER = "900"


def caller(iso2: str, dialing_prefix: str, chance: Chance) -> str:
    """A mobile number of the country."""
    numbers = range_of(iso2, dialing_prefix, CALLERS)
    return f"{numbers.lead}{chance.below(numbers.size):0{numbers.free}d}"


def language_of(wanted: str | None, iso2: str) -> str:
    """The language of a voice call: the one that was leased for, or the country's; English where there are no texts."""
    known = book().voice
    main = (wanted or "").partition("-")[0]
    if main in known:
        return main
    own = book().language(iso2)
    return own if not main and own in known else DEFAULT


def said(language: str, chance: Chance) -> str:
    """A transcript with a code, its digits read out one by one."""
    digits = [str(chance.below(10)) for _ in range(SPOKEN_DIGITS)]
    while digits[0] == "0":
        digits[0] = str(chance.below(10))
    return pick(book().voice[language].coded, chance).replace(SPOKEN, ", ".join(digits))


def silent(language: str) -> str:
    """A transcript without one."""
    return book().voice[language].silent
