"""Tells which parts of an HTML mail nobody sees: by their attributes, their style, and the style sheets of the mail."""

import re
from collections.abc import Iterable

import msgspec

SHEET_LIMIT = 65_536
"""Characters of each style sheet that are looked at, and of all together."""

# What a part hands down, and a part of it may take back by its own style.
TINY, UNSEEN = 1, 2

_GONE = re.compile(
    r"display:none|mso-hide:all|max-height:0(?![.0-9]*[1-9])|(?<!-)opacity:0(?:\.0+)?(?![.0-9])|clip:rect\(0"
    r"|(?:left|top|text-indent):-[0-9]{3}"
)
_FLAT = re.compile(r"(?:^|;)(?:height|width|max-width):0(?![.0-9]*[1-9])")
_FONT = re.compile(r"font(?:-size)?:([0-9]*\.?[0-9]+)(px|pt|em|rem|%)?")
_VISIBILITY = re.compile(r"visibility:(hidden|collapse|visible)")
_DISPLAY = re.compile(r"display:(?!none)[a-z]")
_BRACE = re.compile(r"([{}])")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"[a-z0-9]*([.#][A-Za-z0-9_-]+)")
_BLANKS = re.compile(r"\s+")


class Hidden(msgspec.Struct, frozen=True):
    """Names of classes (".x") and parts ("#x") that style sheets hide on every screen."""

    names: frozenset[str]


def seen(tag: str, attributes: dict[str, str | None], flags: int, hidden: Hidden) -> int | None:
    """What the parts of this element inherit, None if nobody sees it."""
    if "hidden" in attributes or (tag == "input" and attributes.get("type") == "hidden"):
        return None
    style = _BLANKS.sub("", attributes.get("style") or "").lower()
    if _is_gone(style):
        return None
    if hidden.names and not _DISPLAY.search(style) and _is_named(attributes, hidden.names):
        return None
    return _handed_down(style, flags) if style else flags


def _is_gone(style: str) -> bool:
    if not style:
        return False
    return _GONE.search(style) is not None or ("overflow:hidden" in style and _FLAT.search(style) is not None)


def _is_named(attributes: dict[str, str | None], names: frozenset[str]) -> bool:
    if any(f".{name}" in names for name in (attributes.get("class") or "").split()):
        return True
    return f"#{attributes.get('id')}" in names


def _handed_down(style: str, flags: int) -> int:
    font = _FONT.search(style)
    if font:
        smallest = 1.0 if font[2] in ("px", "pt", None) else 0.05
        flags = flags | TINY if float(font[1]) <= smallest else flags & ~TINY
    visibility = _VISIBILITY.search(style)
    if visibility:
        flags = flags & ~UNSEEN if visibility[1] == "visible" else flags | UNSEEN
    return flags


def hidden_by_sheets(sheets: Iterable[str]) -> Hidden:
    """What the sheets hide with selectors of one name, outside of `@media`, which is for some screens only."""
    names: set[str] = set()
    left = SHEET_LIMIT
    for sheet in sheets:
        part = sheet[:left]
        left -= len(part)
        if "none" in part or "hidden" in part or ":0" in part.replace(" ", ""):
            names |= _names_hidden(_COMMENT.sub(" ", part))
    return Hidden(frozenset(names))


def _names_hidden(sheet: str) -> set[str]:
    names: set[str] = set()
    depth, selectors = 0, ""
    parts = _BRACE.split(sheet)
    for text, sign in zip(parts[::2], parts[1::2], strict=False):
        if sign == "{":
            depth += 1
            selectors = text.rpartition(";")[2].strip() if depth == 1 else ""
            continue
        if depth == 1 and selectors and not selectors.startswith("@"):
            style = _BLANKS.sub("", text).lower()
            if _is_gone(style) or "visibility:hidden" in style:
                names.update(
                    found[1] for found in map(_SELECTOR.fullmatch, map(str.strip, selectors.split(","))) if found
                )
        depth = max(0, depth - 1)
    return names
