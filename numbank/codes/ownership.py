"""Says whether a candidate belongs to another word than one for codes: "room 1234", "code 1234 for the courier"."""

import re

from numbank.codes.belongings import bridged
from numbank.codes.candidates import Candidate
from numbank.codes.cues import NOUNS, Cue
from numbank.codes.governor import Governor, is_said_behind, walk_ahead
from numbank.codes.reading import Reading
from numbank.codes.verbs import verb_at_end, verb_behind

_PARTICLE = "in"  # of Dutch verbs: "voer de code in" is "enter the code"
_TITLE_ENDS = ":]\u3011"
_SMALL_WORD = re.compile(r" [^\W\d_]{1,4} ")
_FARTHEST_TOPIC = {"strong": 60, "weak": 25}
_FARTHEST_ASKED = 45
_FARTHEST_SAID = 40
_PREPOSITION = 4
_PARTED = re.compile("[,(]|(?<= )[0-9]{4,10} ")  # another part of the sentence, or a number that is the noun's


def belongs_elsewhere(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """Whether a word before the candidate or behind it owns it, and that word is none for codes."""
    return _is_owned(reading, candidate, governor) or _is_held(reading, candidate, governor)


def _is_owned(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    if governor.cue is None or governor.cue.kind != "other":
        return False
    if _is_topic(reading, governor) or _ends_purpose(reading, governor) or _is_asked(reading, candidate, governor):
        return False
    if _is_said_to_be_code(reading, candidate, governor):
        return False
    # In "Example House: 1234 is your code" the word is the end of a name.
    is_title = governor.link and any(sign in _TITLE_ENDS for sign in reading.text[governor.cue.end : candidate.start])
    return not (is_title and candidate.end + 1 in reading.link_starts)


def _is_said_to_be_code(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """ "The number 123456 is your verification code": the word could own anything, and what it owns here is said."""
    cue = governor.cue
    if cue is None:
        return False
    end = candidate.end
    if "\n" in reading.text[cue.end : candidate.start] and reading.text[end : end + 1] == "\n":
        end += 1  # the number has its line for itself, and the next one goes on
    elif not _is_prefix(reading, cue, candidate) and (governor.link or not _is_whole_topic(reading, cue)):
        return False
    at, link = (reading.link_starts[end], 2) if end in reading.link_starts else walk_ahead(reading, end)
    noun = reading.first("strong", at, at + _FARTHEST_SAID)
    is_word = any(map(str.isalpha, reading.text[end:at]))
    return link == 2 and is_word and noun is not None


def _is_whole_topic(reading: Reading, cue: Cue) -> bool:
    """ "number", and not "order number"."""
    topic = reading.first("topic", cue.start, cue.end)
    return topic is not None and (topic.start, topic.end) == (cue.start, cue.end)


def _is_prefix(reading: Reading, cue: Cue, candidate: Candidate) -> bool:
    """The "AB" of "AB-482913", which is a word by chance."""
    is_tied = cue.end == candidate.start - 1 and reading.text[cue.end] == "-"
    return is_tied and reading.text[cue.start : cue.end].isupper()


def _ends_purpose(reading: Reading, governor: Governor) -> bool:
    """Whether the owning word is the end of what is done with a code: "the code to log in: 1234", "vul de code in: 1234"."""
    cue = governor.cue
    if cue is None or governor.link < 2:
        return False
    if reading.shadow[cue.start : cue.end] == _PARTICLE and any(noun.end == cue.start - 1 for noun in reading.nouns):
        return True
    is_small = cue.end - cue.start <= _PREPOSITION and reading.text[cue.end : cue.end + 1] == ":"
    if is_small and any(reading.has(kind, governor.floor, cue.start) for kind in NOUNS):
        return True  # no preposition ends before a colon
    for kind in ("purpose", "join"):
        purpose = reading.last(kind, governor.floor, cue.start)
        is_of_name = purpose is not None and purpose.end == cue.start - 1 and reading.text[cue.start].isupper()
        if purpose is not None and (purpose.end >= cue.end or is_of_name):
            return True
    return False


def _is_asked(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """ "to confirm your phone 1234 enter": the phone is what is confirmed; the verb asks for the number. So with "of"."""
    cue = governor.cue
    is_small = cue is not None and cue.end - cue.start <= _PREPOSITION
    if cue is None or not (is_small or reading.first("topic", cue.start, cue.end)):
        return False
    if is_small and reading.has("strong", governor.floor, cue.start) and is_said_behind(reading, candidate):
        return True
    if is_small and verb_at_end(reading, candidate.end):
        return True
    purpose = reading.last("purpose", governor.floor, cue.start)
    is_near = purpose is not None and cue.start - purpose.end <= _FARTHEST_ASKED
    verb = verb_behind(reading, candidate.end)
    if verb is None or verb.kind != "ask" or reading.text[candidate.end] == ")":  # "(ref 1234) use it to"
        return False
    return is_near or reading.has("purpose", verb.end, reading.sentence_at(candidate.start)[1])


def _is_held(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """ "code 1234 for the courier": what stands behind the number owns it, unless the noun is an explicit one."""
    cue = governor.cue
    if cue is not None and cue.kind == "strong" and not reading.first("general", cue.start, cue.end):
        return False
    holder = bridged(reading.text, candidate.end, reading.cues.get("holder", []))
    return holder is not None and holder.start > candidate.end + 1


def _is_topic(reading: Reading, governor: Governor) -> bool:
    """Whether the owning word only says what a code is for: "your OTP for the transaction is 123456".

    Of words that are no known topics: only directly behind an explicit noun and a small word, "your login code for X is".
    """
    cue = governor.cue
    if cue is None or governor.link < 2:
        return False
    is_known = reading.first("topic", cue.start, cue.end) is not None
    for kind, reach in _FARTHEST_TOPIC.items():
        noun = reading.last(kind, governor.floor, cue.start)
        if noun is None or _PARTED.search(reading.text, noun.end, cue.start):
            continue
        is_asked = is_known and reading.has("purpose", noun.end, cue.start)
        if is_known and cue.start - noun.end <= max(reach, _FARTHEST_ASKED if is_asked else 0):
            return True
        if kind == "strong" and cue.start - noun.end <= reach and _SMALL_WORD.match(reading.text, noun.end):
            return True
    return False
