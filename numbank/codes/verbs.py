"""Finds the verb that asks for a number and stands behind it or at the end, as in most languages of Asia: "1234 दर्ज करें"."""

import re

from numbank.codes.cues import Cue
from numbank.codes.reading import Reading

# One or two small words, with the ending of the number: "1234-ને ", "1234 ile ". The verb may be glued to it.
_TO_VERB = re.compile(
    r"(?:,(?= )| <?-(?= ))?(?:-?[^\W\d_]{1,4}(?= ))?(?: [^\W\d_][^\s\d,.;:!?()]{0,11}){0,3}['\"\)\]>\u300d]? ?"
)
_FARTHEST = 28
_FOR_ACCOUNT = ("purpose", "account", "join")
_LONGEST = 40


def verb_at_end(reading: Reading, end: int) -> Cue | None:
    """The verb that ends the sentence of the number that ends at `end`, and asks for it to be used in an account."""
    last = reading.sentence_at(end - 1)[1]
    verb = reading.last("ask", end, last)
    if verb is None or any(map(str.isalnum, reading.text[verb.end : last])):
        return None
    return verb if any(reading.has(kind, end, verb.start) for kind in _FOR_ACCOUNT) else None


def verb_behind(reading: Reading, end: int) -> Cue | None:
    """The verb that asks for the number that ends at `end`, when only small words stand between."""
    for kind in ("ask", "join"):
        cue = reading.first(kind, end, end + _FARTHEST + _LONGEST)
        if kind == "ask" and reading.text[end : end + 1] == ",":
            continue  # "pay with card 1234, use the code 4829"; but "with 4829, sign in"
        if cue is None or cue.start > end + _FARTHEST or _TO_VERB.fullmatch(reading.text, end, cue.start) is None:
            continue
        if not reading.noun_starts.isdisjoint((cue.end, cue.end + 1)) and any(
            map(str.isdigit, reading.text[cue.end : cue.end + _LONGEST])
        ):
            continue  # it asks for what follows: "... 1234 use the code 4829"
        if any(word.isupper() and len(word) > 1 for word in reading.text[end : cue.start].split()):
            continue  # something else is sent to that number: "1234 पर REG लिखकर"
        purpose = reading.last("purpose", end, cue.end)
        if purpose is None or purpose.start >= cue.start or kind == "ask":  # in "1234 to register" nobody asks for it
            return cue
    return None
