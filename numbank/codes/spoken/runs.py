"""Turns the numbers that are said in a transcript into digits: "nine, four two, double seven" is 94277.

All languages are tried whose words stand in the transcript; the one that explains most of it is believed.
"""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from numbank.codes.plain import Plain, normalise
from numbank.codes.spoken.numbers import numbers_of
from numbank.codes.spoken.pieces import LIGHT, Piece, phrases_in, pieces_of, tokens
from numbank.codes.spoken.words import Language, Part, languages, speakers_of, time_words

LEAST_DIGITS = 3
"""Of a run of numbers, so that no everyday word ("one", "due", "sei") makes a number of its own."""

# A call says its code two or three times; read in one breath, it looks like one long number.
MOST_REPEATS = 4
CODE_SIZES = range(4, 9)

MOST_LANGUAGES = 6
_WORTH_OF_PHRASE = 2  # digits; a word of another language beside the digits may be one more of this
_MOST_PIECES = 100  # of a run: eight digits, each of two words and said four times, are fewer
_GROUPS = (3, 4)  # digits of a group

HEARD_LIMIT = 4_096
"""Characters of a transcript that are read: some minutes; a call that says a code takes some hundred characters."""

_HALF = "0123456789 ,-"  # at the end of a transcript that was cut: it may be half a number
_FULL_STOP = re.compile(r"\s*[.\u0589\u06d4\u0964\u0965\u104a\u104b\u1362\u17d4\u3002]\s*")


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
    """The runs of the language that explains most of the text: its numbers, and what is said before a code."""
    hinted = language.partition("-")[0].lower()
    best: list[Run] = []
    most = (0, False)
    for candidate in _candidates(plain, hinted):
        runs = _together(plain, list(_runs(plain, pieces_of(plain, candidate), candidate)), candidate)
        said = sum(run.said for run in runs)
        if said:
            said += _WORTH_OF_PHRASE * len({end for _, end in phrases_in(plain.shadow, candidate)})
        weight = (said, candidate.code == hinted)
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
    """The languages whose number words stand in the text most often, the one of the hint and English always."""
    said: Counter[int] = Counter()
    known = languages()
    for match in tokens().finditer(plain.shadow):
        said.update(speakers_of(match.group()))
    for place, language in enumerate(known):
        if language.inside is not None and (found := language.inside.findall(plain.shadow)):
            said[place] += len(found)
    places = [place for place, _ in sorted(said.items(), key=lambda item: (-item[1], item[0]))[:MOST_LANGUAGES]]
    places += [place for place, language in enumerate(known) if language.code == hinted and place not in places]
    return [known[place] for place in dict.fromkeys([*places, 0])]


def _runs(plain: Plain, pieces: list[Piece], language: Language) -> Iterator[Run]:
    """Pieces that only light signs part, or only full stops; digits and words do not mix, as other words may sound alike."""
    chain: list[Piece] = []
    is_light: bool | None = None
    for piece in pieces:
        gap = plain.text[chain[-1].end : piece.start] if chain else ""
        light = LIGHT.fullmatch(gap) is not None
        is_parted = not light and _FULL_STOP.fullmatch(gap) is None
        goes_on = chain and _are_kin(chain[-1], piece) and not is_parted and is_light in (None, light)
        if not goes_on:
            yield from _closed(plain, chain, language)
            chain, is_light = [], None
        elif gap:
            is_light = light
        chain.append(piece)
    yield from _closed(plain, chain, language)


def _are_kin(before: Piece, behind: Piece) -> bool:
    if before.word is not None and before.word.part is Part.TIMES:
        return True
    return (before.word is None) == (behind.word is None)


def _together(plain: Plain, runs: list[Run], language: Language) -> list[Run]:
    """Groups of a code as one run: "4 8 2. 9 1 3." and "4 8 2 and 9 1 3", all of one length and not the same twice."""
    whole: list[Run] = []
    for run in runs:
        last = whole[-1] if whole else None
        gap = plain.shadow[last.end : run.start] if last else ""
        is_near = _FULL_STOP.fullmatch(plain.text, last.end, run.start) is not None if last else False
        is_near = is_near or gap.strip(" ,") in language.ands
        size = len(run.digits)
        if last is not None and is_near and size in _GROUPS and size == len(last.digits) and run.digits != last.digits:
            whole[-1] = Run(last.start, run.end, last.digits + run.digits, last.said + run.said)
        else:
            whole.append(run)
    return whole


def _closed(plain: Plain, chain: list[Piece], language: Language) -> Iterator[Run]:
    """The chain as a run, if it is a number: single digits, words, or groups of digits that are said twice."""
    while chain and chain[-1].word is not None and chain[-1].word.part is Part.TIMES:
        chain.pop()
    if len(chain) > _MOST_PIECES:
        return
    numbers = list(numbers_of(plain.text, chain, language))
    if chain and len(numbers) > 1 and _counts_time(plain.shadow, chain[-1].end):
        chain = chain[: numbers.pop()[0]]  # "six oh two one five minutes"
    digits = "".join(digits for _, digits in numbers)
    is_said = all(piece.word is not None or len(piece.digits) == 1 for piece in chain)
    is_repeated = len(chain) > 1 and all(piece.word is None for piece in chain) and _is_twice(chain)
    if len(digits) >= LEAST_DIGITS and (is_said or is_repeated):
        yield Run(chain[0].start, chain[-1].end, digits, len(chain))


def _counts_time(shadow: str, end: int) -> bool:
    """Whether a word for minutes or the like stands directly behind."""
    behind = shadow[end : end + 1]
    return shadow.startswith(time_words(), end + 1 if behind in (" ", "-") else end)


def _is_twice(chain: list[Piece]) -> bool:
    groups = [piece.digits for piece in chain]
    half, rest = divmod(len(groups), 2)
    return not rest and half > 0 and groups[:half] == groups[half:] and len("".join(groups[:half])) in CODE_SIZES
