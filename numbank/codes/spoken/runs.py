"""Turns the numbers that are said in a transcript into digits: "nine, four two, double seven" is 94277.

All languages are tried whose words stand in the transcript; the one that explains most of it is believed.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

import msgspec

from numbank.codes.plain import Plain, normalise
from numbank.codes.spoken.words import MOST_WORDS, Language, Part, Word, languages, speakers

LEAST_DIGITS = 3
"""Of a run of numbers, so that no everyday word ("one", "due", "sei") makes a number of its own."""

# A call says its code two or three times; read in one breath, it looks like one long number.
MOST_REPEATS = 4
CODE_SIZES = range(4, 9)

MOST_LANGUAGES = 6

HEARD_LIMIT = 4_096
"""Characters of a transcript that are read: some minutes; a call that says a code takes some hundred characters."""

_IN_WORDS = "'`\u02bb\u02bc\u2019\u05f3\u05f4"
_LIGHT = re.compile(r"[\s,;\u055d\u060c\u1363\u3001\-\u2013\u2014\u2026]*")
_TIGHT = re.compile(r"[ -]?")
_HALF = "0123456789 ,-"  # at the end of a transcript that was cut: it may be half a number
_FULL_STOP = re.compile(r"\s*[.\u0589\u06d4\u0964\u0965\u104a\u104b\u1362\u17d4\u3002]\s*")


@functools.cache
def _tokens() -> re.Pattern[str]:
    """Digits, or letters with all their marks (so not `\\w`), up to a blank or a sign of any script but an apostrophe."""
    points = range(0x3100)
    ends = [char for char in map(chr, points) if unicodedata.category(char)[0] in "PS" and char not in _IN_WORDS]
    return re.compile(rf"[0-9]++|[^\s0-9{re.escape(''.join(ends))}]++")


class Piece(msgspec.Struct, frozen=True):
    """A word of a number, or digits, at a place of the text."""

    start: int
    end: int
    word: Word | None
    digits: str = ""


class Run(msgspec.Struct, frozen=True):
    """Numbers that follow each other, as digits; `said` is how many words or digits it took to say them."""

    start: int
    end: int
    digits: str
    said: int


def as_numbers(transcript: str, language: str = "") -> str:
    """The transcript in its plain spelling with its runs of numbers as digits: `one two, three four` is 1234.

    `language` (BCP 47) decides between languages that explain it equally well.
    """
    plain = normalise(transcript[:HEARD_LIMIT])
    text, pieces, copied = plain.text, [], 0
    for run in best_runs(plain, language):
        pieces += [text[copied : run.start], once(run.digits)]
        copied = run.end
    heard = "".join(pieces) + text[copied:]
    return heard.rstrip(_HALF) if len(transcript) > HEARD_LIMIT else heard


def best_runs(plain: Plain, language: str = "") -> list[Run]:
    """The runs of the language that explains most of the text."""
    hinted = language.partition("-")[0].lower()
    best: list[Run] = []
    most = (0, False)
    for candidate in _candidates(plain, hinted):
        pieces = _without_loose_ands(list(_pieces(plain, candidate)))
        runs = list(_runs(plain.text, pieces, candidate))
        weight = (sum(run.said for run in runs), candidate.code == hinted)
        if weight > most:
            best, most = runs, weight
    return best


def once(digits: str) -> str:
    """A number without its repeats: 48294829 was 4829, said twice."""
    for times in range(MOST_REPEATS, 1, -1):
        size = len(digits) // times
        if size in CODE_SIZES and digits == digits[:size] * times:
            return digits[:size]
    return digits


def _candidates(plain: Plain, hinted: str) -> list[Language]:
    """The languages whose number words stand in the text most often, the one of the hint always; English for digits."""
    said: Counter[int] = Counter()
    known = languages()
    for match in _tokens().finditer(plain.shadow):
        said.update(speakers().get(match.group(), ()))
    for place, language in enumerate(known):
        if language.inside is not None and (found := language.inside.findall(plain.shadow)):
            said[place] += len(found)
    places = [place for place, _ in sorted(said.items(), key=lambda item: (-item[1], item[0]))[:MOST_LANGUAGES]]
    places += [place for place, language in enumerate(known) if language.code == hinted and place not in places]
    return [known[place] for place in places or [0]]


def _pieces(plain: Plain, language: Language) -> Iterator[Piece]:
    """Words of numbers and digits, in order, the longest first where several begin at a place."""
    tokens = [match.span() for match in _tokens().finditer(plain.shadow)]
    at = 0
    while at < len(tokens):
        start, end = tokens[at]
        if plain.shadow[start].isdecimal():
            yield Piece(start, end, None, plain.text[start:end])
            at += 1
            continue
        taken, word = _longest(plain.shadow, tokens, at, language)
        if word is not None:
            yield Piece(start, tokens[at + taken - 1][1], word)
        elif language.inside is not None:
            for match in language.inside.finditer(plain.shadow, start, end):
                yield Piece(*match.span(), language.words[match.group()])
        at += max(taken, 1)


def _longest(shadow: str, tokens: list[tuple[int, int]], at: int, language: Language) -> tuple[int, Word | None]:
    """How many tokens make the longest number word that begins here, and the word; blanks and hyphens join them."""
    said = ""
    taken, found = 0, None
    for count, (start, end) in enumerate(tokens[at : at + MOST_WORDS], 1):
        if said and not _TIGHT.fullmatch(shadow, tokens[at + count - 2][1], start):
            break
        said = f"{said} {shadow[start:end]}".lstrip()
        word = language.words.get(said)
        if word is not None:
            taken, found = count, word
    return taken, found


def _without_loose_ands(pieces: list[Piece]) -> list[Piece]:
    """The pieces without each "and" that is in no number: "forty and two", "two and forty", but not "one and two"."""
    kept = []
    for before, piece, behind in zip([None, *pieces], pieces, [*pieces[1:], None], strict=False):
        if piece.word is not None and piece.word.part is Part.AND:
            sides = (before and before.word and before.word.part, behind and behind.word and behind.word.part)
            is_inside = sides[0] in (Part.TENS, Part.HUNDRED) and sides[1] is not None
            if not is_inside and sides != (Part.UNIT, Part.TENS):
                continue
        kept.append(piece)
    return kept


def _runs(text: str, pieces: list[Piece], language: Language) -> Iterator[Run]:
    """Pieces that only light signs part, or only full stops."""
    chain: list[Piece] = []
    is_light: bool | None = None
    for piece in pieces:
        gap = text[chain[-1].end : piece.start] if chain else ""
        light = _LIGHT.fullmatch(gap) is not None
        goes_on = chain and (light or _FULL_STOP.fullmatch(gap) is not None) and is_light in (None, light)
        if not goes_on:
            yield from _closed(text, chain, language)
            chain, is_light = [], None
        elif gap:
            is_light = light
        chain.append(piece)
    yield from _closed(text, chain, language)


def _closed(text: str, chain: list[Piece], language: Language) -> Iterator[Run]:
    """The chain as a run, if it is a number: single digits, words, or groups of digits that are said twice."""
    while chain and chain[-1].word is not None and chain[-1].word.part is Part.TIMES:
        chain.pop()
    digits = "".join(_digits(text, chain, language))
    is_said = all(piece.word is not None or len(piece.digits) == 1 for piece in chain)
    is_repeated = len(chain) > 1 and all(piece.word is None for piece in chain) and _is_twice(chain)
    if len(digits) >= LEAST_DIGITS and (is_said or is_repeated):
        yield Run(chain[0].start, chain[-1].end, digits, len(chain))


def _is_twice(chain: list[Piece]) -> bool:
    groups = [piece.digits for piece in chain]
    half, rest = divmod(len(groups), 2)
    return not rest and half > 0 and groups[:half] == groups[half:] and len("".join(groups[:half])) in CODE_SIZES


def _digits(text: str, chain: list[Piece], language: Language) -> Iterator[str]:
    """The digits of each number of the chain."""
    at = 0
    while at < len(chain):
        taken, digits = _number(text, chain[at : at + MOST_WORDS], language)
        yield digits
        at += taken


def _number(text: str, ahead: list[Piece], language: Language) -> tuple[int, str]:
    """How many pieces make the number that begins here, and its digits."""
    first = ahead[0].word
    if first is None:
        return 1, ahead[0].digits
    if first.part is Part.TIMES:
        digit = _single(ahead[1]) if len(ahead) > 1 else None
        return (2, digit * first.value) if digit is not None else (1, "")
    hundreds, taken = _hundreds(text, ahead, language)
    more, pair = _pair(
        text, ahead[taken:], after_hundreds=hundreds is not None, glued=ahead[taken - 1] if taken else None
    )
    if hundreds is not None:
        return taken + more, str(hundreds + (pair or 0))
    if pair is None:
        return max(1, more), ""
    return more, str(pair)


def _single(piece: Piece) -> str | None:
    if piece.word is None:
        return piece.digits if len(piece.digits) == 1 else None
    return str(piece.word.value) if piece.word.part is Part.UNIT else None


def _is_tight(text: str, before: Piece, behind: Piece) -> bool:
    """Whether nothing but a blank or hyphen parts two words: after a comma a new number begins."""
    return _TIGHT.fullmatch(text, before.end, behind.start) is not None


def _hundreds(text: str, ahead: list[Piece], language: Language) -> tuple[int | None, int]:
    """The hundreds at the beginning and how many pieces they take: "four hundred", "quatrocentos"."""
    first = ahead[0].word
    if first is None:
        return None, 0
    if first.part is Part.HUNDRED:
        return first.value, 1
    second = ahead[1].word if len(ahead) > 1 and _is_tight(text, ahead[0], ahead[1]) else None
    is_factor = first.part is Part.UNIT and first.value > 0 and language.has_hundred_factor
    if is_factor and second is not None and second.part is Part.HUNDRED:
        return first.value * 100, 2
    return None, 0


def _pair(text: str, ahead: list[Piece], *, after_hundreds: bool, glued: Piece | None) -> tuple[int, int | None]:
    """How many pieces the number below 100 takes, and the number; none where another number begins."""
    words = _tight_words(text, ahead, glued)
    parts = [word.part for word in words]
    skip = 1 if after_hundreds and parts[:1] == [Part.AND] else 0
    words, parts = words[skip:], parts[skip:]
    match parts[:3]:
        case [Part.UNIT, Part.AND, Part.TENS] if words[0].value:
            return skip + 3, words[0].value + words[2].value
        case [Part.UNIT, Part.AND_TENS, *_] if words[0].value:
            return skip + 2, words[0].value + words[1].value
        case [Part.TENS, Part.AND, Part.UNIT] if words[2].value:
            return skip + 3, words[0].value + words[2].value
        case [Part.TENS, Part.UNIT, *_] if words[1].value:
            return skip + 2, words[0].value + words[1].value
        case [Part.UNIT | Part.PAIR | Part.TENS | Part.AND_TENS, *_]:
            return skip + 1, words[0].value
        case _:
            return (0, None) if after_hundreds else (1, None)


def _tight_words(text: str, ahead: list[Piece], before: Piece | None) -> list[Word]:
    """The words that may belong to one number, as far as nothing parts them."""
    words: list[Word] = []
    for piece in ahead:
        if piece.word is None or (before is not None and not _is_tight(text, before, piece)):
            break
        words.append(piece.word)
        before = piece
    return words
