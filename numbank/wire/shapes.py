"""The language in which replies are described: one line that the docs print and that tests compare real answers with.

A word      `ACCESS_NUMBER:<id>:<phone>`: what stands in <> is one of `BLANKS`, all else is meant literally.
JSON        `{"id":<number>,"phone":"..","sms":{"code":".."}|null,"<service>":{"count":<number>},..}`
            ".." any string, `..` any value, "<date>" a string with blanks, <number> any number, a|b one or the other;
            in an object `..` allows further members and "<what>" as a name stands for any number of members, whose names
            are such blanks if `what` is one;
            a list `[x]` holds any number of what looks like x.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import msgspec

Matcher = Callable[[object], bool]

BLANKS = {
    "id": r"\d{1,18}",
    "phone": r"\d{5,15}",
    "decimal": r"\d+(\.\d{1,4})?",
    "min": r"\d+(\.\d{1,4})?",
    "code": r"[^:\r\n]+",
    "last code": r"[^:\r\n]+",
    "text": r"(.|\n)*",
    "date": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "local time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "banned until": r"\d{4}-\d\d-\d\d \d\d-\d\d-\d\d",
    "digits": r"\d+",
    "0 or 1": r"[01]",
    "list": r"\[.*\]",
}
_BLANK = re.compile(r"<([^<>]+)>")
_TOKEN = re.compile(r'"(?P<string>[^"]*)"|(?P<blank><[^<>]+>)|(?P<any>\.\.)|(?P<literal>-?[\w.]+)|(?P<mark>[][{}:,|])')


def matches(shape: str, body: str) -> bool:
    """Whether a body is what a shape describes."""
    matcher = compiled(shape)
    if shape[0] not in "{[":
        return matcher(body)
    try:
        return matcher(msgspec.json.decode(body))
    except msgspec.DecodeError:
        return False


@lru_cache(maxsize=1024)
def compiled(shape: str) -> Matcher:
    """A shape as a test; ValueError for one that is not in the language."""
    if shape[:1] not in ("{", "["):
        return _word(shape)
    reader = _Reader(shape)
    matcher = reader.value()
    reader.end()
    return matcher


def _word(shape: str) -> Matcher:
    parts = _BLANK.split(shape)
    unknown = set(parts[1::2]) - BLANKS.keys()
    if unknown:
        raise ValueError(f"no such blank: {sorted(unknown)} in {shape!r}")
    pattern = re.compile("".join(BLANKS[part] if at % 2 else re.escape(part) for at, part in enumerate(parts)))
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


class _Reader:
    """Reads a JSON shape from left to right."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._tokens = list(_TOKEN.finditer(shape))
        if "".join(token.group() for token in self._tokens) != shape:
            raise ValueError(f"not a shape: {shape!r}")
        self._at = 0

    def value(self) -> Matcher:
        """One value, or the choice between several."""
        choices = [self._one()]
        while self._take("|"):
            choices.append(self._one())
        return choices[0] if len(choices) == 1 else lambda value: any(choice(value) for choice in choices)

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._tokens):
            raise ValueError(f"more behind the end of {self._shape!r}")

    def _peek(self) -> str:
        return self._tokens[self._at].group() if self._at < len(self._tokens) else ""

    def _take(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._at += 1
        return True

    def _must(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError(f"{mark!r} expected before {self._peek()!r} in {self._shape!r}")

    def _one(self) -> Matcher:
        if self._take("{"):
            return self._object()
        if self._take("["):
            return self._list()
        if self._at == len(self._tokens):
            raise ValueError(f"{self._shape!r} ends too early")
        token = self._tokens[self._at]
        self._at += 1
        if token["any"]:
            return lambda _: True
        if token["string"] is not None:
            return _string(token["string"])
        if token["blank"] == "<number>":
            return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
        literal = msgspec.json.decode(token.group().encode())
        return lambda value: value == literal and type(value) is type(literal)

    def _list(self) -> Matcher:
        if self._take("]"):
            return lambda value: value == []
        item = self.value()
        self._must("]")
        return lambda value: isinstance(value, list) and all(item(one) for one in value)

    def _object(self) -> Matcher:
        named: dict[str, Matcher] = {}
        others: tuple[Matcher, Matcher] | None = None
        more = False
        while not self._take("}"):
            if self._take(".."):
                more = True
            else:
                if not self._peek().startswith('"'):
                    raise ValueError(f"a name expected before {self._peek()!r} in {self._shape!r}")
                token = self._tokens[self._at]
                self._at += 1
                self._must(":")
                matcher = self.value()
                if token["string"].startswith("<"):
                    others = _names(token["string"]), matcher
                else:
                    named[token["string"]] = matcher
            if self._peek() != "}":
                self._must(",")
        return _object(named, others, more=more)


def _string(text: str) -> Matcher:
    if text == "..":
        return lambda value: isinstance(value, str)
    return _word(text)


def _names(blank: str) -> Matcher:
    return _word(blank) if blank[1:-1] in BLANKS else lambda _: True


def _object(named: dict[str, Matcher], others: tuple[Matcher, Matcher] | None, *, more: bool) -> Matcher:
    def matcher(value: object) -> bool:
        if not isinstance(value, dict) or not named.keys() <= value.keys():
            return False
        rest = value.keys() - named.keys()
        if rest and others is None and not more:
            return False
        return all(named[name](value[name]) for name in named) and (
            others is None or all(others[0](name) and others[1](value[name]) for name in rest)
        )

    return matcher
