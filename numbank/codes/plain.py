"""Brings a text to one plain spelling: ASCII digits, nothing invisible, one kind of blank, dash and line break."""

import functools
import unicodedata

import msgspec

RAW_LIMIT = 65_536
"""Characters of a raw text that are looked at; what follows is never read."""

LIMIT = 16_384
"""Characters of the plain text that are looked at (a long SMS has at most 39,015, an ordinary one 160)."""

_LAST_RANGE = 0x1FFFF  # digits and format characters of living scripts lie below this
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x20E3, 0x3164, 0xFFA0)  # drawn as nothing, but not category Cf
_VARIATION_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_TAGS = range(0xE0000, 0xE0080)
_SURROGATES = range(0xD800, 0xE000)  # half characters: legal in a Python string, but no matcher takes them
_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
_MORE = {
    "\u2212": "-",
    "\u066b": ".",
    "\u066c": ",",
    "\u2800": " ",
    "\u3000": " ",
    "\uff0c": ", ",
    "İ": "I",
    "`": "'",
} | dict.fromkeys("\u2018\u2019\u02bc\u00b4", "'")


class Plain(msgspec.Struct, frozen=True):
    """A text to cut codes from, and its shadow of the same length to look for cues in."""

    text: str
    shadow: str
    is_cut: bool


def _fold(point: int) -> str | None:
    """The plain spelling of one character; None removes it."""
    char = chr(point)
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf":
        return None
    if category == "Pd":
        return "-"
    if category == "Zs" or (category == "Cc" and char != "\n"):
        return " "
    if 0xFF01 <= point <= 0xFF5E:  # fullwidth forms of ASCII
        return chr(point - 0xFEE0)
    return char


@functools.cache
def _table() -> dict[int, str | None]:
    table = {point: plain for point in range(_LAST_RANGE + 1) if (plain := _fold(point)) != chr(point)}
    table |= dict.fromkeys((*_FILLERS, *_VARIATION_SELECTORS, *_TAGS))
    table |= dict.fromkeys(_SURROGATES, "\ufffd")
    table |= {ord(char): "\n" for char in _BREAKS}
    return table | {ord(char): plain for char, plain in _MORE.items()}


_SHADOW = str.maketrans({"-": " ", "\n": " ", "_": " ", "ё": "е"})


def shadow_of(plain: str) -> str:
    """The spelling in which cues and names are compared; as long as `plain`, whose letters all have short lower cases."""
    return plain.lower().translate(_SHADOW)


def normalise(text: str) -> Plain:
    """`text` in its plain spelling, at most LIMIT characters of it."""
    folded = text[:RAW_LIMIT].translate(_table())
    plain = folded[:LIMIT]
    return Plain(plain, shadow_of(plain), is_cut=len(text) > RAW_LIMIT or len(folded) > LIMIT)
