"""Watches text that a parser joins to the text before, which it copies every time: between cells, behind void tags."""

import re

COST_LIMIT = 60_000_000
"""Characters that may be copied: an honest mail needs less than a hundredth, a hostile one took gigabytes."""

_CELLS = frozenset(("td", "th", "caption"))
_BETWEEN_CELLS = frozenset(("tbody", "thead", "tfoot", "tr", "colgroup", "col"))
# Tags in them may be no tags, so that nothing in them is taken for the beginning of a cell.
_OPAQUE = frozenset((
    "template", "svg", "math", "select", "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
    "noscript", "plaintext",
))  # fmt: skip
# A parser does not take them everywhere; what follows is then a part of the text before.
_MAY_BE_LEFT_OUT = _CELLS | _BETWEEN_CELLS | {"html", "head", "body", "frame", "frameset", "form"}
_AFTER_NAME = frozenset(" \t\n\r\f/>")
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)


class Tables:
    """One way through the tags of a mail. In doubt a text is taken for one between cells: that only makes it dearer."""

    def __init__(self, html: str) -> None:
        self.text_from = 0
        """Where the text before the last tag begins."""
        self._tag_end = self._sure_from = 0
        self._html = html
        self._is_between = False
        self._outer: list[bool] = []
        self._is_opaque = False
        self._copied = self._joined = self._cost = 0
        self._is_joined = self._is_after = False
        self._comments = [match.span() for match in _COMMENT.finditer(html)] if "<!--" in html else []
        self._comment = 0

    def bears(self, end: int) -> bool:
        """Whether a parser may read the text up to this place; comments break it into pieces too."""
        self.text_from, self._tag_end = self._tag_end, end
        if not self._html[self.text_from : end].strip():
            return self._cost <= COST_LIMIT
        self._joined += end - self.text_from
        pieces = 1 + self._html.count("<", self.text_from, end)
        if self._is_joined or self._is_after:
            self._cost += self._joined * pieces
        if self._is_between:
            self._copied += end - self.text_from
            self._cost += self._copied * pieces
        return self._cost <= COST_LIMIT

    def tag(self, match: re.Match[str]) -> None:
        """A tag that a parser sees, if it is one: groups are a slash, the name and the last sign."""
        start, name_end, is_end = match.start(), match.end(2), bool(match[1])
        name = match[2].lower()
        is_doubtful = self._is_doubtful(start)
        self._sure_from = max(self._sure_from, match.end(3))
        self._tag_end = self._html.find(">", name_end) + 1
        if is_end or name in _MAY_BE_LEFT_OUT:
            # Values that are read and thrown away lie between the text and what is joined to it.
            self._is_joined |= bool(self._html[name_end : self._tag_end - 1].strip(" \t\r\n\f/"))
            # Comments behind the body stand behind it, but text goes on in it.
            self._is_after |= is_end and name in ("body", "html")
        elif not is_doubtful:
            self._joined = 0
            self._is_joined = False
        self._table_part(name, name_end, is_end=is_end, is_doubtful=is_doubtful)

    def _table_part(self, name: str, name_end: int, *, is_end: bool, is_doubtful: bool) -> None:
        if name in _OPAQUE and self._outer:
            self._is_opaque = True
        elif name == "table" and not is_end:
            self._outer.append(self._is_between)
            self._is_between = True
        elif name == "table" and self._outer and not is_doubtful:
            self._is_between = self._outer.pop()
        elif name in _CELLS and (is_end or self._html[name_end] not in _AFTER_NAME or is_doubtful):
            self._is_between = self._is_between or (is_end and bool(self._outer))
        elif name in _CELLS:
            self._is_between = False
        elif name in _BETWEEN_CELLS and self._outer:
            self._is_between = True

    def _is_doubtful(self, start: int) -> bool:
        """Whether this may be no tag at all: in a comment, or in a part of the mail that is read by rules of its own."""
        comments, html = self._comments, self._html
        while self._comment < len(comments) and comments[self._comment][1] <= start:
            self._comment += 1
        is_in_comment = self._comment < len(comments) and comments[self._comment][0] <= start
        if self._is_opaque or is_in_comment or start < self._sure_from:
            return True
        return html.rfind("<", self.text_from, start) > html.rfind(">", self.text_from, start)
