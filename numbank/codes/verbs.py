"""Finds the verb that asks for a number and stands behind it, as in most languages of Asia: "1234 दर्ज करें"."""

import re

from numbank.codes.lexicon import Cue
from numbank.codes.reading import Reading

# One or two small words, with the ending of the number: "1234-ને ", "1234 ile ". The verb may be glued to it.
_TO_VERB = re.compile(r"(?:,(?= ))?(?:-?[^\W\d_]{1,4}(?= ))?(?: [^\W\d_][^\s\d,.;:!?()]{0,11}){0,3}['\"\)\]>\u300d]? ?")
_FARTHEST = 28
_LONGEST = 40


def verb_behind(reading: Reading, end: int) -> Cue | None:
    """The verb that asks for the number that ends at `end`, when only small words stand between."""
    for kind in ("ask", "join"):
        cue = reading.first(kind, end, end + _FARTHEST + _LONGEST)
        if cue is None or cue.start > end + _FARTHEST or _TO_VERB.fullmatch(reading.text, end, cue.start) is None:
            continue
        if cue.end + 1 in reading.noun_starts:
            continue  # it asks for what follows: "... 1234 use the code 4829"
        purpose = reading.last("purpose", end, cue.end)
        if purpose is None or purpose.start >= cue.start or kind == "ask":  # in "1234 to register" nobody asks for it
            return cue
    return None
