"""Reads the HTML of a mail as its reader sees it: the visible text line by line, and the links."""

import re
from collections.abc import Callable
from operator import itemgetter

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from numbank.codes.mail.html_style import TINY, UNSEEN, Hidden, hidden_by_sheets, seen
from numbank.codes.mail.html_tags import harmless
from numbank.codes.mail.links import Link
from numbank.codes.mail.text import lines_of

RAW_LIMIT = 1_000_000
"""Characters of HTML that are looked at."""

TEXT_LIMIT = 65_536
"""Characters of visible text that are given."""

NODE_LIMIT, LINK_LIMIT = 60_000, 300
_ALT_LIMIT, _CONTEXT, _PIECES = 60, 240, 60
_HEAD, _TAIL = itemgetter(slice(_CONTEXT)), itemgetter(slice(-_CONTEXT, None))
_PREHEADER_LIMIT = 400  # characters: what is longer is no line above a mail, whatever its class says
MOST_PREHEADERS = 8
"""Parts with such a class whose text is measured, so that many of them in each other cost no more."""

_PRE = 4

# fmt: off
_DROPPED = frozenset((
    "head", "style", "script", "template", "title", "meta", "link", "svg", "math", "iframe", "object", "embed",
    "canvas", "audio", "video", "select", "textarea", "datalist", "noframes", "map", "xml",
))
_BLOCKS = frozenset((
    "p", "div", "table", "tr", "tbody", "thead", "tfoot", "caption", "ul", "ol", "li", "dl", "dt", "dd", "h1",
    "h2", "h3", "h4", "h5", "h6", "center", "blockquote", "pre", "address", "article", "section", "header",
    "footer", "main", "nav", "aside", "figure", "figcaption", "form", "fieldset", "legend", "hr", "br", "body",
    "html", "details", "summary",
))
# fmt: on
_CELLS = frozenset(("td", "th"))
_QUOTES = re.compile(r"gmail_quote|yahoo_quoted|moz-cite|divRplyFwdMsg|protonmail_quote|zmail_extra")
_PREHEADER = re.compile(r"pre-?_?header|preview-?_?text|hidden-?_?preview", re.IGNORECASE)


class Page(msgspec.Struct, frozen=True):
    """What a reader sees of a mail."""

    text: str
    """One line for each block or row of a table; cells are one blank apart."""
    links: list[Link]


def text_of(html: str) -> str:
    """The visible text: blocks and rows are lines, cells one blank apart; at most TEXT_LIMIT characters."""
    return page_of(html).text


def links_of(html: str) -> list[Link]:
    """The visible links in their order, whatever their scheme; at most LINK_LIMIT."""
    return page_of(html).links


def page_of(html: str) -> Page:
    """Text and links in one pass over at most RAW_LIMIT characters and NODE_LIMIT nodes; takes any text."""
    parser = LexborHTMLParser(harmless(html[:RAW_LIMIT]))
    root = parser.root
    if root is None:
        return Page("", [])
    walk = _Walk(hidden_by_sheets(node.text(deep=True) for node in parser.css("style")))
    walk.over(root)
    return Page(lines_of("".join(walk.pieces))[:TEXT_LIMIT], walk.links)


class _Walk:
    """One way through the tree, with a stack of its own: mails may be nested deeper than Python calls may."""

    def __init__(self, hidden: Hidden) -> None:
        self.pieces: list[str] = []
        self.links: list[Link] = []
        self._hidden = hidden
        self._looks = MOST_PREHEADERS
        self._link_end = 0  # of the pieces
        self._stack: list[tuple[LexborNode, int] | Callable[[], None]] = []

    def over(self, root: LexborNode) -> None:
        self._stack.append((root, 0))
        budget = NODE_LIMIT
        while self._stack and budget:
            top = self._stack.pop()
            if not isinstance(top, tuple):
                top()
                continue
            budget -= 1
            node, flags = top
            following = node.next if node is not root else None
            if following is not None:
                self._stack.append((following, flags))
            if node.is_text_node:
                self._text(node, flags)
            elif node.is_element_node or node is root:
                self._element(node, flags)

    def _text(self, node: LexborNode, flags: int) -> None:
        text = node.text_content
        if text and not flags & (TINY | UNSEEN):
            self.pieces.append(text if flags & _PRE else text.replace("\r", " ").replace("\n", " "))

    def _element(self, node: LexborNode, flags: int) -> None:
        tag = node.tag or ""
        if tag in _DROPPED:
            return
        attributes = node.attributes
        if attributes:
            shown = seen(tag, attributes, flags, self._hidden)
            if shown is None or self._is_aside(node, tag, attributes):
                return
            flags = shown
        if tag == "img":
            self._image((attributes.get("alt") or "").strip(), flags)
            return
        if tag == "pre":
            flags |= _PRE
        sign = "\n" if tag in _BLOCKS else "\t" if tag in _CELLS else ""
        if sign:
            self.pieces.append(sign)
            self._stack.append(lambda: self.pieces.append(sign))
        if tag in ("a", "area") and attributes.get("href"):
            start, href = len(self.pieces), attributes["href"] or ""
            self._stack.append(lambda: self._link(href, start))
        child = node.child
        if child is not None:
            self._stack.append((child, flags))

    def _image(self, alt: str, flags: int) -> None:
        """What stands for an image; a long text is a description of it."""
        if alt and len(alt) <= _ALT_LIMIT and not flags & UNSEEN:
            self.pieces.append(f" {alt} ")

    def _link(self, href: str, start: int) -> None:
        if len(self.links) >= LINK_LIMIT:
            return
        anchor = " ".join("".join(map(_HEAD, self.pieces[start : start + _PIECES])).split())
        before = "".join(map(_TAIL, self.pieces[max(0, start - _PIECES) : start]))[-_CONTEXT:]
        between = "".join(self.pieces[self._link_end : start][:_PIECES])
        if self._link_end and "\n" in between and not between.strip():
            before = f"{before.strip()}."  # the sentence above was about the link that ends it
        self._link_end = len(self.pieces)
        self.links.append(Link("".join(href.split()), anchor[:_CONTEXT], before.strip()))

    def _is_aside(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
        """Whether this is a line that only lists of mails show, or what an answer quotes."""
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if len(names) > 1 and _QUOTES.search(names):
            return True
        if tag == "blockquote" and attributes.get("type") == "cite":
            return True
        if len(names) < 2 or not self._looks or not _PREHEADER.search(names):
            return False
        self._looks -= 1
        return len(node.text(deep=True)) <= _PREHEADER_LIMIT
