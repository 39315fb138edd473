"""Reads the transcript of a call: digits that were said one by one become a number, then it is read like any text.

A run counts from three digits on, so that no everyday word ("one", "due", "sei") makes a number of its own; so the words of
all languages can stand in one table, and a transcript of an unknown language is read as well.
"""

import functools
import re
import tomllib
from importlib import resources

from numbank.codes.decide import Found, possible, recognise

LEAST_DIGITS = 3
# A call says its code two or three times; read in one breath, it looks like one long number.
MOST_REPEATS = 4
CODE_SIZES = range(4, 9)
# Of a transcript in which nothing says "code", but which has one number only.
_ALONE_CONFIDENCE = 0.6

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_LIGHT = re.compile(r"[\s,\-–—…]*")
_FULL_STOP = re.compile(r"\s*\.\s*")
_NUMBER = re.compile(r"(?<!\w)[0-9]{%d,%d}(?!\w)" % (CODE_SIZES.start, CODE_SIZES.stop - 1))  # noqa: UP031  braces


def hear(transcript: str, *, sender: str = "") -> Found:
    """The code that was said, or none when none was or it is not clear which one it is."""
    text = as_numbers(transcript)
    found = recognise(text, sender=sender)
    if found.code is not None:
        return found
    alone = set(_NUMBER.findall(text))
    # An amount or a date is no code, be it the only number.
    if len(alone) == 1 and alone <= possible(text, sender=sender):
        return Found(alone.pop(), _ALONE_CONFIDENCE)
    return found


def as_numbers(transcript: str) -> str:
    """The transcript with its runs of single digits joined: `one two, three four` and `1 2 3 4` are 1234."""
    pieces: list[str] = []
    run: list[str] = []
    start = end = 0  # of the run
    copied = 0
    light = True
    for token in _TOKEN.finditer(transcript):
        digit = _digit(token.group())
        if digit is None:
            continue
        gap = transcript[end : token.start()]
        goes_on = bool(run) and _joins(gap, light=light if len(run) > 1 else None)
        if not goes_on:
            copied = _close(transcript, pieces, run, copied, start, end)
            run, start = [], token.start()
        elif len(run) == 1:
            light = _LIGHT.fullmatch(gap) is not None
        run.append(digit)
        end = token.end()
    copied = _close(transcript, pieces, run, copied, start, end)
    return "".join(pieces) + transcript[copied:]


def _joins(gap: str, *, light: bool | None) -> bool:
    """Whether a run goes on over this gap: all of its gaps are light, or all of them are full stops."""
    return (light is not False and _LIGHT.fullmatch(gap) is not None) or (
        light is not True and _FULL_STOP.fullmatch(gap) is not None
    )


def _close(transcript: str, pieces: list[str], run: list[str], copied: int, start: int, end: int) -> int:
    """Write a run that ended as a number, if it is long enough; gives up to where the transcript is written."""
    if len(run) < LEAST_DIGITS:
        return copied
    pieces += [transcript[copied:start], once("".join(run))]
    return end


def once(digits: str) -> str:
    """A number without its repeats: 48294829 was 4829, said twice."""
    for times in range(MOST_REPEATS, 1, -1):
        size = len(digits) // times
        if size in CODE_SIZES and digits == digits[:size] * times:
            return digits[:size]
    return digits


def _digit(token: str) -> str | None:
    """A single digit, written or said."""
    return token if len(token) == 1 and token.isdigit() else _words().get(token.lower())


@functools.cache
def _words() -> dict[str, str]:
    text = (resources.files("numbank.codes") / "data" / "spoken" / "digits.toml").read_text("utf-8")
    found: dict[str, str] = {}
    for language, digits in tomllib.loads(text).items():
        if len(digits) != 10:
            raise ValueError(f"digits.toml: {language} has {len(digits)} digits")
        for digit, words in enumerate(digits):
            for word in words.split():
                if found.setdefault(word, str(digit)) != str(digit):
                    raise ValueError(f"digits.toml: {word} is more than one digit")
    return found
