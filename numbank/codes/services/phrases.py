"""Tells whether the code of a message is said to be a name's: "Your X code", "code for X", "log in to X"."""

import functools
import re

from numbank.codes.cues import NOUNS
from numbank.codes.reading import Reading
from numbank.codes.services.mentions import WORD_BEFORE, Mention
from numbank.codes.services.name import brand_words
from numbank.codes.words import word_end

_WORD_BEHIND = re.compile(r"[ -]([^\W\d_]+)")
_HOST_END = re.compile(r"\.[a-z]{2}")
_APOSTROPHES = ("'", "\u2019")
PAUSE = re.compile("[,;()|\u060c\u061b\u3001\uff0c\uff1b\u2013\u2014]| - ")  # ends a clause
_SENTENCE_ENDS = (". ", "! ", "? ")
LEADERS = (*NOUNS, "purpose", "ask", "join")
_BEHIND = (*LEADERS, "plain")
_REACH, _BETWEEN, _LONGEST_LEAD, _NEAR_LEAD = 40, 20, 6, 2
_WORDS_BETWEEN = 3


@functools.cache
def _compound() -> re.Pattern[str]:
    """A word for a code that goes on with the name by a dash, in whatever language: "X-verifikointikoodi"."""
    ends = "|".join(map(re.escape, sorted(brand_words()["code_ends"])))
    return re.compile(rf" [^\W\d_]{{0,30}}(?:{ends})(?![^\W\d_])")


def is_of_code(reading: Reading, mention: Mention, *, is_priced: bool) -> bool:
    """Whether the code is said to be the name's: "Your X code", "X account code". With an amount no word may be between."""
    start, end = mention.start, mention.end
    if is_mere_word(reading, mention):
        return False
    if _is_within_noun(reading, mention):
        return True
    sentence_begin, sentence_end = reading.sentence_at(start)
    if is_priced and reading.has("currency", sentence_begin, start):
        return False  # "Card, 30 EUR, X, code": the shop
    end = _word_end(reading.shadow, end)
    ahead = [cue for kind in NOUNS if (cue := reading.first(kind, end, min(sentence_end, end + _REACH)))]
    between = reading.shadow[end : min(cue.start for cue in ahead)] if ahead else ""
    if ahead and (not between.strip() if is_priced else _is_close(between)):
        return True
    return _is_compound(reading, mention)


def is_mere_word(reading: Reading, mention: Mention) -> bool:
    """Whether an everyday name is just that word here, or a part of a word for codes: the "access" of "access code"."""
    text, start, end = reading.text, mention.start, mention.end
    name = mention.name
    is_sure = name.is_distinctive or name.is_small or (name.is_chosen and text.islower())
    if text[start:end].islower() and not is_sure and not _HOST_END.match(text, end):
        return True
    # Behind a full stop every word has a capital.
    if name.is_everyday and (_ends_longer_name(reading, start) or text[:start].endswith(_SENTENCE_ENDS)):
        return True
    return not _is_within_noun(reading, mention) and any(
        noun.end > start for kind in NOUNS if (noun := reading.last(kind, 0, end))
    )


def _is_within_noun(reading: Reading, mention: Mention) -> bool:
    """Whether a list of words for codes has the name in one of them: "WhatsApp code"."""
    name, start, end = mention.name, mention.start, mention.end
    if not name.is_chosen or not (name.is_distinctive or (name.is_capitals and reading.text[start:end].isupper())):
        return False
    nouns = [cue for kind in NOUNS for cue in reading.cues.get(kind, ()) if cue.start <= start and end <= cue.end]
    return any(cue.end - cue.start > end - start for cue in nouns)


def _word_end(shadow: str, end: int) -> int:
    """Where a name ends with its ending, if it has one: "Acmessa", "Acme'tan"."""
    is_parted = shadow[end : end + 1] in _APOSTROPHES and shadow[end + 1 : end + 2].isalpha()
    return word_end(shadow, end + 2 if is_parted else end)


def goes_on_as_other(reading: Reading, mention: Mention) -> bool:
    """Whether an everyday name goes on with a capital that is no word of such messages: "Signal Mountain" is not Signal."""
    end = mention.end
    word = word_behind(reading, end)
    if not mention.name.is_everyday or not word[:1].isupper() or reading.text.isupper():
        return False
    is_cue = any(cue.start <= end + 1 < cue.end for kind in _BEHIND for cue in reading.cues.get(kind, ()))
    return not is_cue and word.lower() not in brand_words()["binds"]


def _is_compound(reading: Reading, mention: Mention) -> bool:
    """Whether a word for codes of whatever language goes on with the name ("X-verifikointikoodi"), or what seems to be
    another kind of code begins with it: the "Bolt code" of a language in which a bolt is a shop.
    """
    is_word = reading.text[mention.start : mention.end].islower() and not mention.name.is_small
    if not mention.name.is_chosen or is_word:
        return False
    other = reading.first("other", mention.start, min(len(reading.text), mention.end + _REACH))
    is_other = other is not None and other.start == mention.start and other.end > mention.end
    return is_other or _compound().match(reading.shadow, mention.end) is not None


def _ends_longer_name(reading: Reading, start: int) -> bool:
    """Whether the word before has a capital too and is no cue: the "Next" of "Exampla Next" is another name."""
    before = WORD_BEFORE.search(reading.text, max(0, start - _REACH), start)
    word = before[1].rpartition(" ")[2] if before else ""
    is_cue = any(cue.end == start - 1 for kind in LEADERS if (cue := reading.last(kind, 0, start)))
    return word[:1].isupper() and not is_cue and word.lower() not in brand_words()["leads"]


def _is_close(between: str) -> bool:
    """At most one word between a name and the word for its code, or words that bind them ("X account code", "X का कोड")."""
    between = between.strip(" ('\u2019-\"\u300c\u300d\u201c\u201d")
    words = between.split()
    if not words:
        return True
    if PAUSE.search(between):
        return False
    lists = brand_words()
    if len(between) > _BETWEEN or len(words) > _WORDS_BETWEEN:
        return False
    if all(word in lists["binds"] for word in words) or between in lists["binds"]:
        return True
    # In scripts without blanks a stretch without them may be half a sentence.
    return len(words) == 1 and words[0] not in lists["divides"] and not any(char >= "\u0e00" for char in between)


def is_led_to(reading: Reading, mention: Mention, *, is_strict: bool) -> bool:
    """Whether a word for a code, or what it is good for, leads to the name: "code for X", "to log in to your X". If
    strict (there is an amount, or the title of another), only a word for codes does, and from near by.
    """
    start = mention.start
    if is_mere_word(reading, mention):
        return False
    begin = max(reading.sentence_at(start)[0], start - 2 * _REACH)
    leaders = NOUNS if is_strict else LEADERS
    found = [cue for kind in leaders if (cue := reading.last(kind, begin, start)) and cue.end <= start]
    if not found:
        return False
    lead = max(cue.end for cue in found)
    if reading.has("money", lead, start) or reading.has("currency", lead, start):
        return False  # "OTP for payment to X" is of the bank
    if PAUSE.search(reading.text, lead, start):
        return False  # "Your code is 4829, find us on X"
    is_warned = reading.has("warn", begin, start)
    if is_warned and all(cue.kind == "ask" for cue in found if cue.end == lead):
        return False  # "Don't share it with anyone, not even on X"
    between = reading.shadow[lead:start].replace("'", " ").split()
    between = [word for word in (piece.strip('"«»“”„(:,.') for piece in between) if word]
    if not between:
        return True
    if len(between) == 1 and between[0].replace("-", "").isdigit():
        return False
    most = _NEAR_LEAD if is_strict or is_warned else _LONGEST_LEAD
    return len(between) <= most and between[-1] in brand_words()["leads"]


def word_behind(reading: Reading, end: int) -> str:
    """The word directly behind a name, behind a blank or a dash; empty if there is none."""
    match = _WORD_BEHIND.match(reading.text, end, end + _REACH)
    return match[1] if match else ""
