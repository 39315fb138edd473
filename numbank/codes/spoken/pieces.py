"""Finds the words of numbers, and digits, in a transcript; what only looks like one is left out."""

import functools
import re
import unicodedata
from collections.abc import Iterator

import msgspec

from numbank.codes.plain import Plain
from numbank.codes.spoken.words import MOST_WORDS, Language, Part, Word

_IN_WORDS = "'`\u02bb\u02bc\u2019\u05f3\u05f4"
LIGHT = re.compile(
    r"(?:[\s,;\u0f0b\u0f0d\u055d\u060c\u1363\u3001\-\u2013\u2014\u2026]|\.{2,}|(?:eh|[uaeä]h?m|[uaä]h|erm?|hm+|euh)(?![^\W\d_]))*+",
    re.IGNORECASE,
)
"""What parts the digits of a number that is said: less than a full stop, or more of them, and what is said to think."""

TIGHT = re.compile(r"[ \-\u0f0b]?")
_ENDS_SENTENCE = re.compile(r"\s*(?:[,.;!?]|\Z)")
_BE = re.compile(r"(?:^|[ :,.])(?:is|are|code|number)[ :,]{1,2}\Z")
_FIRST_OTHER = "\u0590"  # behind the letters of alphabets that glue no word to another
_BEFORE = 12  # characters that may hold the word before a number
_LEAST_ALIKE = 3  # digits that must stand beside a word which only sounds like one
_SHORTEST_ZERO = 2
_SHORTEST_MIXED = 3  # letters; shorter words are everyday ones of too many languages, but for an "oh"


class Piece(msgspec.Struct, frozen=True):
    """A word of a number, or digits, at a place of the text."""

    start: int
    end: int
    word: Word | None
    digits: str = ""


@functools.cache
def tokens() -> re.Pattern[str]:
    """Digits, or letters with all their marks (so not `\\w`), up to a blank or a sign of any script but an apostrophe."""
    points = range(0x3100)
    ends = [char for char in map(chr, points) if unicodedata.category(char)[0] in "PS" and char not in _IN_WORDS]
    return re.compile(rf"[0-9]++|[^\s0-9{re.escape(''.join(ends))}]++")


def pieces_of(plain: Plain, language: Language) -> list[Piece]:
    """All words of numbers in this language, and digits, in order."""
    phrases = {at for start, end in phrases_in(plain.shadow, language) for at in range(start, end)}
    pieces = [piece for piece in _pieces(plain, language) if piece.start not in phrases]
    return _unmixed(plain.text, _without_alike(plain, _without_loose_ands(pieces)))


def single(piece: Piece) -> str | None:
    """The digit, if the piece is only one."""
    if piece.word is None:
        return piece.digits if len(piece.digits) == 1 else None
    return str(piece.word.value) if piece.word.part is Part.UNIT else None


def _pieces(plain: Plain, language: Language) -> Iterator[Piece]:
    """Words of numbers and digits, in order, the longest first where several begin at a place."""
    spans = [match.span() for match in tokens().finditer(plain.shadow)]
    at = 0
    while at < len(spans):
        start, end = spans[at]
        if plain.shadow[start].isdecimal():
            yield Piece(start, end, None, plain.text[start:end])
            at += 1
            continue
        taken, word = _longest(plain.shadow, spans, at, language)
        if word is not None:
            yield Piece(start, spans[at + taken - 1][1], word)
        elif language.inside is not None:
            for match in language.inside.finditer(plain.shadow, start, end):
                yield Piece(*match.span(), language.words[match.group()])
        at += max(taken, 1)


def phrases_in(shadow: str, language: Language) -> list[tuple[int, int]]:
    """Where this language says what stands before a code and its repeats: the "en" of "en gang til" is no digit."""
    phrases = (*language.intros, *language.no_digits)
    found = (match.span() for phrase in phrases for match in re.finditer(re.escape(phrase), shadow))
    return [(start, end) for start, end in found if not _is_within_word(shadow, start, end)]


def _is_within_word(shadow: str, start: int, end: int) -> bool:
    """Whether letters go on before or behind, of a script that parts its words."""
    return _is_one_word(shadow[max(0, start - 1) : start + 1]) or _is_one_word(shadow[end - 1 : end + 1])


def _is_one_word(two: str) -> bool:
    return len(two) == 2 and two.isalpha() and max(two) < _FIRST_OTHER


def _longest(shadow: str, spans: list[tuple[int, int]], at: int, language: Language) -> tuple[int, Word | None]:
    """How many tokens make the longest number word that begins here, and the word; blanks and hyphens join them."""
    said = ""
    taken, found = 0, None
    for count, (start, end) in enumerate(spans[at : at + MOST_WORDS], 1):
        if said and not TIGHT.fullmatch(shadow, spans[at + count - 2][1], start):
            break
        said = f"{said} {shadow[start:end]}".lstrip()
        word = language.meaning(said)
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


def _without_alike(plain: Plain, pieces: list[Piece]) -> list[Piece]:
    """The pieces with words that sound like digits as digits where they can be nothing else, and without the others.

    So they are between two digits ("eight to nine"), where a sentence would have to go on behind them ("nine for."), and
    where nothing but a code can follow ("your code is for eight two").
    """
    kept: list[Piece] = []
    for index, piece in enumerate(pieces):
        if piece.word is None or piece.word.part is not Part.ALIKE:
            kept.append(piece)
        elif _is_digit_beside(plain, kept, piece, pieces[index + 1 : index + 1 + _LEAST_ALIKE]):
            unit = Piece(piece.start, piece.end, Word(Part.UNIT, piece.word.value))
            kept.append(_as_digit(unit) if kept and _is_single_digit(kept[-1]) else unit)
    return kept


def _is_digit_beside(plain: Plain, before: list[Piece], piece: Piece, behind: list[Piece]) -> bool:
    said_before = _units_to(plain.text, before, piece)
    said_behind = _units_from(plain.text, piece, behind)
    if said_before + said_behind < _LEAST_ALIKE:
        return False
    if said_before and said_behind:
        return True
    if said_before:
        return _ENDS_SENTENCE.match(plain.text, piece.end) is not None
    return _BE.search(plain.shadow[max(0, piece.start - _BEFORE) : piece.start]) is not None


def _units_to(text: str, before: list[Piece], piece: Piece) -> int:
    """How many digits stand directly before, at most as many as are needed."""
    count, start = 0, piece.start
    for one in reversed(before[-_LEAST_ALIKE:]):
        if single(one) is None or not TIGHT.fullmatch(text, one.end, start):
            break
        count, start = count + 1, one.start
    return count


def _units_from(text: str, piece: Piece, behind: list[Piece]) -> int:
    """How many digits stand directly behind; words between them that sound like one do not end the row."""
    count, end = 0, piece.end
    for one in behind:
        is_digit = single(one) is not None
        is_like = one.word is not None and one.word.part is Part.ALIKE
        if not (is_digit or (count and is_like)) or not TIGHT.fullmatch(text, end, one.start):
            break
        count, end = count + is_digit, one.end
    return count


def _is_unit(piece: Piece) -> bool:
    return piece.word is not None and piece.word.part is Part.UNIT


def _unmixed(text: str, pieces: list[Piece]) -> list[Piece]:
    """The pieces with words as digits where single digits stand on both sides: "4 eight 2 nine 1 three".

    A word at the end of such a row counts if words within it did.
    """
    kept = list(pieces)
    last = -1  # the index behind the last word that became a digit
    for index in range(1, len(kept)):
        before, piece = kept[index - 1], kept[index]
        if piece.word is None or not _is_long_unit(piece) or not _is_single_digit(before):
            continue
        if not LIGHT.fullmatch(text, before.end, piece.start):
            continue
        end = index
        while (
            end < len(kept) and _is_long_unit(kept[end]) and LIGHT.fullmatch(text, kept[end - 1].end, kept[end].start)
        ):
            end += 1
        is_between = (
            end < len(kept)
            and _is_single_digit(kept[end])
            and LIGHT.fullmatch(text, kept[end - 1].end, kept[end].start)
        )
        if is_between or last == index - 1:
            for at in range(index, end):
                kept[at] = _as_digit(kept[at])
            last = end
    return kept


def _as_digit(piece: Piece) -> Piece:
    return Piece(piece.start, piece.end, None, single(piece) or "")


def _is_long_unit(piece: Piece) -> bool:
    return _is_unit(piece) and piece.end - piece.start >= (_SHORTEST_MIXED if single(piece) != "0" else _SHORTEST_ZERO)


def _is_single_digit(piece: Piece) -> bool:
    return piece.word is None and len(piece.digits) == 1
