"""Brings a text to one plain spelling: ASCII digits, nothing invisible, one kind of blank, dash and line break.

What is not folded, and why: circled and superscript digits (they number the steps of a list or a footnote), letters that
look like others (an O is no 0 where codes have letters), accents (they tell words apart: Vietnamese "mã" is a code).
"""

import functools
import html
import re
import unicodedata

import msgspec

RAW_LIMIT = 65_536
"""Characters of a raw text that are looked at; what follows is never read."""

LIMIT = 16_384
"""Characters of the plain text that are looked at (a long SMS has at most 39,015, an ordinary one 160)."""

_FIRST_RARE = 0x10000  # scripts that few write with on a phone; their marks are dropped
_LAST_RANGE = 0x1FFFF  # digits and format characters of living scripts lie below this
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x20E3, 0x3164, 0xFFA0)  # drawn as nothing, but not category Cf
_VARIATION_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_TAGS = range(0xE0000, 0xE0080)
_SURROGATES = range(0xD800, 0xE000)  # half characters: legal in a Python string, but no matcher takes them
_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
# Signs for vowels that Arabic and Hebrew mostly leave out, and the dash that stretches an Arabic word.
_POINTS = (*range(0x0591, 0x05BE), 0x05BF, 0x05C1, 0x05C2, 0x0640, *range(0x064B, 0x0653), 0x0670)
# Forms of letters that fonts chose once: ligatures, Hebrew and Arabic by position, halfwidth Kana, bold Latin.
_FORMS = (range(0xFB00, 0xFE00), range(0xFE70, 0xFEFD), range(0xFF66, 0xFFDD), range(0x1D400, 0x1D800))
_LONGEST_FORM = 3
_MORE = {
    "\u2212": "-",
    "\u066b": ".",
    "\u066c": ",",
    "\u060c": ",",
    "\u061b": ";",
    "\u2800": " ",
    "\u3000": " ",
    "\uff0c": ", ",
    "İ": "I",
    "`": "'",
} | dict.fromkeys("\u2018\u2019\u02bb\u02bc\u00b4", "'")

# Two spellings of one letter that Unicode does not know as such: sara am of Thai and Lao, and two e typed for an ae.
_PAIRS = (
    ("\u0e4d\u0e32", "\u0e33"),
    ("\u0ecd\u0eb2", "\u0eb3"),
    ("\u0e40\u0e40", "\u0e41"),
    ("\u0ec0\u0ec0", "\u0ec1"),
)

# What gateways leave of the HTML that a text went through.
_ENTITY = re.compile(r"&(?:#[0-9]{2,7}|#[xX][0-9A-Fa-f]{2,6}|amp|lt|gt|quot|apos|nbsp);")

# The sign that makes a Japanese vowel long is typed for a dash: "482ー913".
_LONG_MARK = re.compile("(?<=[0-9])\u30fc(?=[0-9])")

_MOST_MARKS = 4  # on one letter; composing needs the square of their number


class Plain(msgspec.Struct, frozen=True):
    """A text to cut codes from, and its shadow of the same length to look for cues in."""

    text: str
    shadow: str
    is_cut: bool


def _fold(point: int) -> str | None:
    """The plain spelling of one character; None removes it."""
    char = chr(point)
    category = unicodedata.category(char)
    if point >= _FIRST_RARE and unicodedata.combining(char):
        return None
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
    if category[0] == "L" and any(point in forms for forms in _FORMS):
        letters = unicodedata.normalize("NFKC", char)
        return letters if len(letters) <= _LONGEST_FORM else char
    return char


@functools.cache
def _table() -> dict[int, str | None]:
    table = {point: plain for point in range(_LAST_RANGE + 1) if (plain := _fold(point)) != chr(point)}
    table |= dict.fromkeys((*_FILLERS, *_VARIATION_SELECTORS, *_TAGS, *_POINTS))
    table |= dict.fromkeys(_SURROGATES, "\ufffd")
    table |= {ord(char): "\n" for char in _BREAKS}
    return table | {ord(char): plain for char, plain in _MORE.items()}


# Letters that one word is typed with in several ways, by keyboard or by capitals; each becomes exactly one other.
_SHADOW = str.maketrans(
    {"-": " ", "\n": " ", "_": " ", "ё": "е", "ı": "i", "ς": "σ"}
    | dict(zip("άέήίόύώϊϋΐΰ", "αεηιουωιυιυ", strict=True))
    | dict(zip("şţ", "șț", strict=True))
    | dict(zip("يىېئكةۀەہھۃأإآٱؤ", "یییئکههههههااااو", strict=True))
)


# What of ASCII is no plain spelling: signs of control but the line break, the grave accent, what may begin an entity.
_UNPLAIN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f`&]")


def shadow_of(plain: str) -> str:
    """The spelling in which cues and names are compared; as long as `plain`, whose letters all have short lower cases."""
    shadow = plain.lower()
    if not shadow.isascii() and not _shadowed().isdisjoint(shadow):
        return shadow.translate(_SHADOW)
    return shadow.replace("-", " ").replace("\n", " ").replace("_", " ")  # the same, for a third of the work


@functools.cache
def _shadowed() -> frozenset[str]:
    """The letters beyond ASCII that are another one in the shadow."""
    return frozenset(char for char in map(chr, _SHADOW) if not char.isascii())


def spelled(word: str) -> str:
    """A word of a list in the spelling of the shadows of texts."""
    return shadow_of(normalise(word).text)


def normalise(text: str) -> Plain:
    """`text` in its plain spelling, at most LIMIT characters of it."""
    if len(text) <= LIMIT and text.isascii() and _UNPLAIN.search(text) is None:
        return Plain(text, shadow_of(text), is_cut=False)
    folded = text[:RAW_LIMIT]
    if not _folded().isdisjoint(folded):
        folded = folded.translate(_table())
    if "&" in folded:
        folded = _ENTITY.sub(_unescaped, folded)
    if not folded.isascii():
        folded = _composed(folded)
    plain = folded[:LIMIT]
    return Plain(plain, shadow_of(plain), is_cut=len(text) > RAW_LIMIT or len(folded) > LIMIT)


@functools.cache
def _folded() -> frozenset[str]:
    """The characters that are no plain spelling: to look for them costs less than to translate what has none of them."""
    return frozenset(map(chr, _table()))


@functools.cache
def _unseen() -> dict[int, None]:
    return {point: None for point, plain in _table().items() if plain is None}


def without_invisible(text: str) -> str:
    """The text without the characters that `normalise` drops: whoever trims lines before must not take them for letters."""
    return text if text.isascii() else text.translate(_unseen())


def _unescaped(entity: re.Match[str]) -> str:
    return html.unescape(entity.group()).translate(_table())


@functools.cache
def _marks() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    """Finds marks on a letter that are too many, and those of Latin and Cyrillic that no letter is composed with; and all
    marks.
    """
    marks = "".join(chr(point) for point in range(_FIRST_RARE) if unicodedata.combining(chr(point)))
    too_many, stray = re.compile(f"[{marks}]{{{_MOST_MARKS + 1},}}+"), re.compile("[\u0300-\u036f]++")
    return too_many, stray, frozenset((*marks, *map(chr, range(0x300, 0x370))))


def _few(marks: re.Match[str]) -> str:
    return marks.group()[:_MOST_MARKS]


def _composed(text: str) -> str:
    """The text with letters and their accents as one character each, where there is one; stray accents are gone."""
    too_many, stray, all_marks = _marks()
    is_marked = not all_marks.isdisjoint(text)
    composed = unicodedata.normalize("NFC", too_many.sub(_few, text) if is_marked else text)
    if is_marked or composed != text:  # of a few signs the composed form is one with a mark
        composed = stray.sub("", composed)
    text = composed
    if "\u30fc" in text:
        text = _LONG_MARK.sub("-", text)
    for spelling, usual in _PAIRS:
        if spelling in text:
            text = text.replace(spelling, usual)
    return text
