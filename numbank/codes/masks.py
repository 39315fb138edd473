"""Finds the stretches of a text in which nothing is a code and no word is a cue: addresses and the app's own hash."""

import re
from bisect import bisect_right

import msgspec

# Addresses: with a scheme, a host with or without a path, and mail. Each alternative begins only where nothing of its
# kind stands before it and gives nothing back, so no text makes it slow.
_ADDRESS = re.compile(
    r"(?:https?:?//|www\.)[!#-;=?-~]*+"
    r"|(?<![A-Za-z0-9.-])(?P<host>(?:[A-Za-z0-9-]++\.)++[a-z]{2,}+)(?![A-Za-z])(?P<path>(?::[0-9]++)?/[!#-;=?-~]*+)?"
    r"|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]++@[A-Za-z0-9.-]++",
)

# The line that binds a code to a site: "@example.com #123456". The line is cut to 200 characters before.
_BOUND = re.compile(r"(@?)([A-Za-z0-9.-]+\.[A-Za-z]{2,}) #([A-Za-z0-9]{4,10})(?: [@%]\S*)?")

_HASH_LENGTH = 11
APP_MARK = "<#>"


class Masks(msgspec.Struct, frozen=True):
    """Stretches of a text, in order."""

    spans: list[tuple[int, int]]

    def cover(self, at: int) -> bool:
        index = bisect_right(self.spans, at, key=lambda span: span[0]) - 1
        return index >= 0 and self.spans[index][1] > at


class Bound(msgspec.Struct, frozen=True):
    """The domain-bound line of a message."""

    host: str
    code: str


def masks_of(text: str) -> Masks:
    """All addresses, and the hash at the end."""
    spans = [match.span() for match in _ADDRESS.finditer(text) if _is_address(match)]
    tail = hash_start(text)
    if tail is not None:
        spans = [span for span in spans if span[0] < tail] + [(tail, len(text))]
    return Masks(spans)


def _is_address(match: re.Match[str]) -> bool:
    """A host with a path, or whose last name is no number: "is 4829.do not share" only lacks a blank."""
    host = match["host"]
    return host is None or match["path"] is not None or not host.split(".")[-2].isdigit()


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
    return begin if is_random and before.isspace() else None


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
