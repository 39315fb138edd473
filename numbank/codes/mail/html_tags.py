"""Makes hostile HTML harmless before it is parsed: parsers need the square of the time for some things."""

import re
from collections import Counter
from collections.abc import Iterator

from numbank.codes.mail.html_tables import Tables

TAG_LIMIT, DEPTH_LIMIT, FORMAT_LIMIT = 10_000, 200, 24
"""Tags that are looked at; how many may be open at a time, and of those that a parser opens anew in each paragraph."""

# The beginning of a tag, its name, and whether it ends after at most 64 attributes. Written so that it never takes a
# tag for ended which a parser reads on.
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9:]*)(?=[^\s/>]*+"
    r"(?:[\s/]*+=?[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"']?[^\s>]*+))?+){0,64}+[\s/]*+(>?))"
)

# They hold nothing, or end where the next one begins, so they do not nest.
# fmt: off
_FLAT = frozenset((
    "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li", "link", "meta",
    "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
))
# fmt: on
_FORMATS = frozenset(("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_DOCTYPE = re.compile(r"<!(?=doctype)", re.IGNORECASE)


def harmless(html: str) -> str:
    """The HTML without tags that are nested too deep or have too many attributes; the text between them stays. It ends
    where there are too many tags, or too much text that a parser would copy again and again (html_tables).
    """
    first = _DOCTYPE.search(html)
    if first is not None:
        html = html[: first.end()] + _DOCTYPE.sub("<?", html[first.end() :])
    tables = Tables(html)
    opened: Counter[str] = Counter()
    depth = formats = 0
    defused: list[int] = []
    for tags, match in enumerate(_tags(html)):
        if tags >= TAG_LIMIT or not tables.bears(match.start()):
            html = html[: match.start() if tags >= TAG_LIMIT else tables.text_from]
            break
        name = match[2].lower()
        is_format = name in _FORMATS
        if not match[3]:
            defused.append(match.start())
            continue
        if name in _FLAT:
            pass
        elif not match[1]:
            if depth >= DEPTH_LIMIT or (is_format and formats >= FORMAT_LIMIT):
                defused.append(match.start())
                continue
            opened[name] += 1
            depth += 1
            formats += is_format
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
            formats -= is_format
        tables.tag(match)
    else:
        if not tables.bears(len(html)):
            html = html[: tables.text_from]
    return _defused(html, defused) if defused else html


def _tags(html: str) -> Iterator[re.Match[str]]:
    """The tags. What begins before the first ">" behind a tag is a part of that one; without one no tag ever ends."""
    last = html.rfind(">")
    at = 0
    while (match := _TAG.search(html, at)) is not None:
        yield match
        if match.start() > last:
            break
        at = max(match.end(), html.find(">", match.end()))


def _defused(html: str, places: list[int]) -> str:
    """The tags that begin at these places are comments."""
    pieces, at = [], 0
    for place in places:
        pieces += [html[at:place], "<?"]
        at = place + 1
    return "".join((*pieces, html[at:]))
