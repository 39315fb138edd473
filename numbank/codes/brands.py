"""Says which services a message clearly names, so that it is not handed to a lease of another one.

Clear is: the sender id is the name; the domain-bound line has its host; a pattern such as "Your X code", "X:", "[X]";
or, for a name that is no everyday word, the name itself as a whole word. Too few is better than a wrong one.
"""

import re

import msgspec

from numbank.codes.lexicon import NOUNS, lexicon
from numbank.codes.masks import bound_line
from numbank.codes.names import Brands, Name, brand_words, key_of
from numbank.codes.plain import Plain, normalise
from numbank.codes.reading import Reading, read
from numbank.codes.words import joined

# What stands before a name that is the title of a message or of a line: "[X] ", "<#> X: ".
_TITLE_BEGIN = re.compile(r"(?:^|\n)(?:<#>)? ?[\[\u3010(]? ?\Z")
_TITLE_END = re.compile(r" ?[\]\u3011):\u17d6]| -")

_INDIAN_SENDER = re.compile(r"[A-Za-z]{2}-([A-Za-z0-9]{3,9})(?:-[A-Za-z])?")  # operator, name, kind of message
# The one or two words directly before a name, and the one behind it.
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?: [^\W\d_]+)?)[ ]\Z")
_WORD_AFTER = re.compile(r" ([^\W\d_]+)")
_PUBLIC_LABELS = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go"})
_LEADERS = (*NOUNS, "purpose", "ask")
_REACH, _BETWEEN, _LONGEST_LEAD = 40, 20, 6


class _Mention(msgspec.Struct, frozen=True):
    start: int
    end: int
    name: Name


def named_services(text: str, sender: str, brands: Brands) -> frozenset[str]:
    """Codes of the services that the message clearly names, all that share the name; empty when none is clear."""
    plain = normalise(text)
    reading = read(plain, lexicon())
    named = set(_of_sender(sender, brands) | _of_host(plain, brands))
    is_payment = reading.has("money")  # it names the shop where a card was used
    for mention in _mentions(plain, reading, brands):
        is_capital = not plain.text[mention.start : mention.end].islower()
        if (mention.name.is_distinctive and is_capital and not is_payment) or _is_patterned(reading, mention):
            named |= mention.name.services
    return frozenset(named)


def _of_sender(sender: str, brands: Brands) -> frozenset[str]:
    plain = normalise(sender).text.strip()
    match = _INDIAN_SENDER.fullmatch(plain)
    if match:
        plain = match[1]
    noise = brand_words()["sender_noise"]
    kept = "".join(piece for piece in re.split(r"[\s_-]+", plain) if piece.lower() not in noise)
    return brands.by_key.get(key_of(plain)) or brands.by_key.get(key_of(kept)) or frozenset()


def _of_host(plain: Plain, brands: Brands) -> frozenset[str]:
    bound = None if plain.is_cut else bound_line(plain.text)
    if bound is None:
        return frozenset()
    labels = bound.host.removeprefix("www.").split(".")
    site = labels[:-2] if len(labels) > 2 and labels[-2] in _PUBLIC_LABELS else labels[:-1]
    whole = brands.by_key.get(key_of("".join(labels[len(site) - 1 :])), frozenset())
    return whole | brands.by_key.get(key_of(site[-1]), frozenset())


def _mentions(plain: Plain, reading: Reading, brands: Brands) -> list[_Mention]:
    words = brand_words()
    found = []
    for index, start, end in brands.automaton.find_matches_as_indexes(plain.shadow, overlapping=True):
        if not _is_whole(plain.shadow, start) or not _is_whole(plain.shadow, end):
            continue
        if reading.masks.cover(start) and not _is_own_host(plain.text, start, end):
            continue
        after = _WORD_AFTER.match(plain.shadow, end, end + _REACH)
        before = _WORD_BEFORE.search(plain.shadow, max(0, start - _REACH), start)
        if after and after[1] in words["not_before"]:
            continue
        if before and not words["not_behind"].isdisjoint((before[1], before[1].rpartition(" ")[2])):
            continue
        found.append(_Mention(start, end, brands.names[index]))
    return found


def _is_whole(shadow: str, at: int) -> bool:
    """Whether a word begins or ends at `at`; a digit beside a letter goes on with the name ("Route66", "7eleven")."""
    if joined(shadow, at):
        return False
    around = shadow[max(0, at - 1) : at + 1]
    return not (len(around) == 2 and around.isalnum() and around.isascii())


def _is_own_host(text: str, start: int, end: int) -> bool:
    """Whether a name inside an address is the whole host: "Mail.ru", but not the "facebook" of a link to a page."""
    return text[start - 1 : start] not in tuple("./@-_=") and text[end : end + 1] not in tuple("./@-_?")


def _is_patterned(reading: Reading, mention: _Mention) -> bool:
    """Whether the message speaks in the name's own voice: "X:", "[X]", "Your X code", "X code", "code for X"."""
    text, start, end = reading.text, mention.start, mention.end
    if mention.name.is_everyday and (text[start:end].islower() or _ends_longer_name(reading, start)):
        return False
    last_nouns = (reading.last(kind, 0, end) for kind in NOUNS)
    if any(noun.end > start for noun in last_nouns if noun):
        return False  # the "access" of "access code"
    if _TITLE_BEGIN.search(text, max(0, start - 8), start) and _TITLE_END.match(text, end):
        return mention.name.is_distinctive or not any(map(str.isalnum, text[max(0, start - 8) : start]))
    begin, sentence_end = reading.sentence_at(start)
    ahead = [cue for kind in NOUNS if (cue := reading.first(kind, end, min(sentence_end, end + _REACH)))]
    between = text[end : min(cue.start for cue in ahead)] if ahead else ""
    if ahead and _is_one_word(between):
        return True
    return _is_led_to(reading, start, begin)


def _ends_longer_name(reading: Reading, start: int) -> bool:
    """Whether the word before has a capital too and is no cue: the "Next" of "Exampla Next" is another name."""
    before = _WORD_BEFORE.search(reading.text, max(0, start - _REACH), start)
    word = before[1].rpartition(" ")[2] if before else ""
    is_cue = any(cue.end == start - 1 for kind in _LEADERS if (cue := reading.last(kind, 0, start)))
    return word[:1].isupper() and not is_cue and word.lower() not in brand_words()["leads"]


def _is_one_word(between: str) -> bool:
    """At most one word of a script with blanks (in others a stretch without blanks may be half a sentence), no "and"."""
    words = between.split()
    if len(between) > _BETWEEN or len(words) > 1 or any(char >= "\u0e00" for char in between):
        return False
    return not words or words[0].lower() not in brand_words()["divides"]


def _is_led_to(reading: Reading, start: int, floor: int) -> bool:
    """Whether a word for a code, or what it is good for, leads to the name: "code for X", "to log in to your X"."""
    begin = max(floor, start - 2 * _REACH)
    found = [cue for kind in _LEADERS if (cue := reading.last(kind, begin, start)) and cue.end <= start]
    if not found:
        return False
    between = reading.shadow[max(cue.end for cue in found) : start].split()
    return not between or (len(between) <= _LONGEST_LEAD and between[-1] in brand_words()["leads"])
