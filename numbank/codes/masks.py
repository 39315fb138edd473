"""Finds the stretches of a text in which nothing is a code and no word is a cue: addresses and the app's own hash.

What a single number is (a date, an amount) tells `numbers`, and only for numbers that are candidates.
"""

import re
from bisect import bisect_left

import msgspec

# Addresses: with a scheme, a host with or without a path, the path of a host in other letters, and mail. Each alternative
# begins only where nothing of its kind stands before it and gives nothing back, so no text makes it slow. Letters of
# scripts that put blanks between words belong to an address with a scheme; others are a text glued to it.
_ADDRESS = re.compile(
    r"(?:https?:?//|[Hh][Tt]{2}[Pp][Ss]?://|www\.|(?<![A-Za-z])[a-z]{2,12}+://)[!#-;=?-~\u00c0-\u0dff]*+"
    r"|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]++@[A-Za-z0-9.-]++"
    r"|(?<![A-Za-z0-9.-])(?P<host>(?:[A-Za-z0-9-]++\.)++(?:[a-z]{2,}+|[A-Z]{2,}+(?=/)))(?![A-Za-z])"
    r"(?P<path>(?:(?::[0-9]++)?/|\?(?=[a-z]))[!#-;=?-~]*+)?"
    r"|\.[\u00e0-\u052f]{2,12}+/[!#-;=?-~]++",
)
_OF_NUMBERS = frozenset({"com", "net", "org", "cn", "io", "xyz"})  # 12306.cn is a host; "4829.do not" lacks a blank

# The line that binds a code to a site: "@example.com #123456". The line is cut to 200 characters before.
_BOUND = re.compile(r"(@?)([A-Za-z0-9.-]+\.[A-Za-z]{2,}) #([A-Za-z0-9]{4,10})(?: [@%]\S*)?")

_HASH_LENGTH = 11
APP_MARK = "<#>"


class Masks(msgspec.Struct, frozen=True):
    """Stretches of a text, in order, and why each is masked."""

    spans: list[tuple[int, int]]
    reasons: list[str]

    def cover(self, at: int) -> bool:
        return self.reason(at, at + 1) is not None

    def reason(self, start: int, end: int) -> str | None:
        """Why something between the two places is masked, or None."""
        if not self.spans:
            return None
        index = bisect_left(self.spans, end, key=_begin) - 1
        return self.reasons[index] if index >= 0 and self.spans[index][1] > start else None


def _begin(span: tuple[int, int]) -> int:
    return span[0]


class Bound(msgspec.Struct, frozen=True):
    """The domain-bound line of a message."""

    host: str
    code: str


def masks_of(text: str) -> Masks:
    """All addresses, and the hash at the end."""
    spans = [match.span() for match in _ADDRESS.finditer(text) if _is_address(match)] if _may_have(text) else []
    tail = hash_start(text)
    if tail is None:
        return Masks(spans, ["address"] * len(spans))
    spans = [span for span in spans if span[0] < tail]
    return Masks([*spans, (tail, len(text))], [*["address"] * len(spans), "hash of an app"])


def _may_have(text: str) -> bool:
    return "." in text or "//" in text or "@" in text


def _is_address(match: re.Match[str]) -> bool:
    """A host with a path, or whose last name is no number: "is 4829.do not share" only lacks a blank."""
    host = match["host"]
    if host is None or match["path"] is not None:
        return True
    *_, name, top = host.split(".")
    return not name.isdigit() or top in _OF_NUMBERS


def is_marked(text: str) -> bool:
    """Whether the message begins as messages to an app do; in its middle the mark is a stand-in for a number."""
    return text.lstrip().startswith(APP_MARK)


def hash_start(text: str) -> int | None:
    """Where the 11 characters begin that tell an Android app that the message is its own, if it ends with them."""
    stripped = text.rstrip()
    begin = len(stripped) - _HASH_LENGTH
    tail = stripped[begin:] if begin > 0 else ""
    letters = tail.replace("+", "a").replace("/", "a")
    if not tail.isascii() or not letters.isalnum() or letters.isdigit():
        return None
    before = stripped[begin - 1]
    if is_marked(text):
        is_word = (before.isascii() and before.isalnum()) or (tail.isalpha() and tail.islower())
        return None if is_word else begin
    is_random = any(map(str.islower, tail)) and (not tail.isalpha() or sum(map(str.isupper, tail[1:])) >= 3)
    is_glued = not before.isascii()  # to Thai or Chinese
    return begin if is_random and (before.isspace() or is_glued) else None


def bound_line(text: str) -> Bound | None:
    """The domain-bound code, which is the sender's own word for what the code is."""
    lines = [line.strip()[:200] for line in text.rstrip()[-400:].split("\n") if line.strip()]
    for line in lines[:-3:-1]:
        match = _BOUND.fullmatch(line)
        if match is None:
            continue
        marked, host, code = match.groups()
        is_repeated = text.count(code) > 1  # without the @ it may be a hashtag behind a site: then it must say it twice
        if any(map(str.isdigit, code)) and (marked or is_repeated):
            return Bound(host.lower(), code)
    return None
