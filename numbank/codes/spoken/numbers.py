"""Reads the pieces of a number that was said as digits: "forty two", "vier hundert", "double seven"."""

from collections.abc import Iterator

from numbank.codes.spoken.pieces import TIGHT, Piece, single
from numbank.codes.spoken.words import MOST_WORDS, Language, Part, Word


def numbers_of(text: str, chain: list[Piece], language: Language) -> Iterator[tuple[int, str]]:
    """Each number of the chain: the index of its first piece, and its digits."""
    at = 0
    while at < len(chain):
        taken, digits = _number(text, chain[at : at + MOST_WORDS], language)
        yield at, digits
        at += taken


def _number(text: str, ahead: list[Piece], language: Language) -> tuple[int, str]:
    """How many pieces make the number that begins here, and its digits."""
    first = ahead[0].word
    if first is None:
        return 1, ahead[0].digits
    if first.part is Part.TIMES:
        digit = single(ahead[1]) if len(ahead) > 1 else None
        return (2, digit * first.value) if digit is not None else (1, "")
    if first.part is Part.TWICE:
        return 1, str(first.value) * 2
    hundreds, taken = _hundreds(text, ahead, language)
    more, pair = _pair(
        text, ahead[taken:], after_hundreds=hundreds is not None, glued=ahead[taken - 1] if taken else None
    )
    if hundreds is not None:
        return taken + more, str(hundreds + (pair or 0))
    if pair is None:
        return max(1, more), ""
    return more, str(pair)


def _is_tight(text: str, before: Piece, behind: Piece) -> bool:
    """Whether nothing but a blank or hyphen parts two words: after a comma a new number begins."""
    return TIGHT.fullmatch(text, before.end, behind.start) is not None


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
    if after_hundreds and parts[:2] == [Part.UNIT, Part.HUNDRED]:
        return 0, None  # "one hundred, two hundred"
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
