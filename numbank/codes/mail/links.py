"""Ranks the links of a mail: which one confirms an address, sets a password or lets its reader in, if any does."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import msgspec

from numbank.codes.mail.addresses import Address, address_of, has_token, site_of
from numbank.codes.mail.unwrap import RAW_LIMIT, says_what_it_does, unwrapped
from numbank.codes.plain import shadow_of
from numbank.codes.wordlist import has_part, table, word_list

THRESHOLD = 4.0
"""Points that a link needs: a word for it and a secret in it, or two other signs."""

MARGIN = 0.5
"""A link of another site with so few points less makes it unclear which one is meant."""

MOST_LINKS = 300
_TEXT_LIMIT, _CONTEXT, _LONGEST_LINE, _LEAST_WRAPPED = 65_536, 240, 80, 60

# In a text an address begins with its scheme; in angle brackets it may go on in the next line.
_IN_TEXT = re.compile(r"https?://[\w.-]+(?::[0-9]{1,5})?(?:[/?#][!#-;=?-~]*+)?", re.IGNORECASE)
_TRAILING = ".,;:!?'*|\"_"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_MORE_OF_LINK = re.compile(r"\n([!#-;=?-~]+)(?=\n|\Z|>)")
_NUMBER = re.compile(
    r"/[0-9]{6,}+(?![^/?#])"
)  # a part of a path that may be the secret of an address that says what it does
_SENTENCE_END = re.compile(r"[.!?\u3002\uff01\u0964](?:\s|\Z)|[\u3002\uff01]")
_NO_WORD = re.compile(r"https?://\S+", re.IGNORECASE)

_ANCHOR_POINTS = {"confirm": 3.0, "reset": 2.5, "enter": 1.5, "soft": 1.0}
_CONTEXT_POINTS = {"confirm": 1.5, "reset": 1.5, "enter": 1.0}
_PATH, _TOKEN, _OWN_SITE, _SUBJECT = 2.0, 2.0, 0.5, 1.0
_OFFER, _DENIAL, _ELSEWHERE = -3.0, -4.0, -4.0


class Link(msgspec.Struct, frozen=True):
    """A link of a mail: its address as it is written, the words one clicks on, and the words before it."""

    url: str
    anchor_text: str
    context: str = ""


class Best(msgspec.Struct, frozen=True):
    """The link that a mail is about, unwrapped, and how sure that is, 0 to 1."""

    url: str
    confidence: float


class Weighed(msgspec.Struct, frozen=True):
    """A link with its points; `refused` says why it cannot be the one, empty where the points decide."""

    url: str
    points: float
    refused: str = ""


class _Ranked(msgspec.Struct, frozen=True):
    address: Address
    points: float
    is_explicit: bool
    """The address itself says what it does."""


def links_in(text: str) -> list[Link]:
    """The links that stand in a plain text, in their order, also where a line of it was broken within one."""
    text = text[:_TEXT_LIMIT]
    links: list[Link] = []
    for match in _IN_TEXT.finditer(text):
        end = match.end()
        url = match.group()
        if text[end : end + 3].lstrip(".").startswith("\u2026") or url.endswith("..."):
            continue  # it is not written in full
        is_framed = text[match.start() - 1 : match.start()] == "<"
        url = _trimmed(url + _wrapped_rest(text, match.start(), end, is_framed))
        before = text[max(0, match.start() - _CONTEXT) : match.start()].rstrip("<( ")
        links.append(Link(url.replace("&amp;", "&"), "", before))
        if len(links) == MOST_LINKS:
            break
    return links


def _wrapped_rest(text: str, start: int, end: int, is_framed: bool) -> str:
    """What of the address stands in the lines below: up to the bracket, or behind a line that is full."""
    rest: list[str] = []
    line_start = text.rfind("\n", max(0, start - _CONTEXT), start) + 1
    while len(rest) < 30:
        more = _MORE_OF_LINK.match(text, end)
        if more is None or more[1].lower().startswith(("http:", "https:")):
            break
        is_full = _LEAST_WRAPPED <= end - line_start <= _LONGEST_LINE and re.search(r"[0-9=&%/_]", more[1])
        if not is_framed and not is_full:
            break
        rest.append(more[1])
        line_start, end = end + 1, more.end()
    if is_framed and text[end : end + 1] != ">":
        return ""
    return "".join(rest)


def _trimmed(url: str) -> str:
    """Without the signs of the sentence that the address ends."""
    surplus = {closing: url.count(closing) - url.count(opening) for closing, opening in _PAIRS.items()}
    end = len(url)
    while end and (url[end - 1] in _TRAILING or surplus.get(url[end - 1], 0) > 0):
        end -= 1
        if url[end] in surplus:
            surplus[url[end]] -= 1
    return url[:end]


def best_link(links: Iterable[Link], *, subject: str = "", sender: str = "", site: str = "") -> Best | None:
    """The link that the mail is about. `sender` is its address, `site` the one that the mailbox was leased for."""
    own_sites, extra = _own_sites(sender, site, subject), _extra(subject)
    ranked: dict[str, _Ranked] = {}
    for link in links:
        judged = _judged(link, own_sites, extra)
        if isinstance(judged, str):
            continue
        known = ranked.get(judged.address.url)
        if known is None or judged.points > known.points:
            ranked[judged.address.url] = judged
    return _clear_best(list(ranked.values()))


def weighed(links: Iterable[Link], *, subject: str = "", sender: str = "", site: str = "") -> list[Weighed]:
    """What `best_link` thinks of each link, for who asks why; in their order, each address once."""
    own_sites, extra = _own_sites(sender, site, subject), _extra(subject)
    found: dict[str, Weighed] = {}
    for link in links:
        judged = _judged(link, own_sites, extra)
        one = Weighed(link.url, 0.0, judged) if isinstance(judged, str) else Weighed(judged.address.url, judged.points)
        if one.url not in found or one.points > found[one.url].points:
            found[one.url] = one
    return list(found.values())


def _own_sites(sender: str, site: str, subject: str) -> set[str]:
    """The sites that a mail comes from; also one that stands in the footers of most mails, if the subject names it."""
    own = {site_of(place.rpartition("@")[2].strip("<> ")) for place in (sender, site) if "." in place}
    words = set(re.findall(r"\w{3,}", shadow_of(subject)))
    return own | {place for place in table("links/parts")["elsewhere"] if place.partition(".")[0] in words}


def _extra(subject: str) -> float:
    """Points for every link of a mail whose subject says that it confirms something."""
    about = word_list("links/words").kinds(shadow_of(subject))
    return _SUBJECT if about & _CONTEXT_POINTS.keys() and "offer" not in about else 0.0


def _clear_best(ranked: list[_Ranked]) -> Best | None:
    ranked.sort(key=lambda one: (one.points, one.is_explicit), reverse=True)  # equal ones stay in their order
    if not ranked or ranked[0].points < THRESHOLD:
        return None
    best = ranked[0]
    for other in ranked[1:]:
        is_near = best.points - other.points < MARGIN
        if is_near and other.is_explicit and site_of(other.address.host) != site_of(best.address.host):
            return None
    return Best(best.address.url, round(min(0.98, 0.5 + best.points / 16), 3))


def _judged(link: Link, own_sites: set[str], extra: float) -> _Ranked | str:
    """The link with its points; for what is none, or certainly not the one, why."""
    outer = address_of(link.url, RAW_LIMIT)
    if outer is None:
        return "no address of a page"
    address = address_of(unwrapped(outer).url)
    anchor = shadow_of(_NO_WORD.sub(" ", link.anchor_text))
    kinds = word_list("links/words").kinds(anchor)
    if address is None:
        return "no address of a page"
    if "against" in kinds:
        return "its words are those of another link"
    if _is_against(address) or (address.url != outer.url and _is_against(outer)):
        return "its address is that of another link"
    is_explicit = says_what_it_does(address)
    if not is_explicit and _has_part(address, "path_aside"):
        return "its address is that of another link"
    points = max((_ANCHOR_POINTS.get(kind, 0.0) for kind in kinds), default=0.0)
    is_secret = has_token(address) or (is_explicit and _NUMBER.search(address.tail) is not None)
    if not points and not is_explicit and not is_secret:
        return "no word and no secret of its own"  # what stands around it is not enough
    if "offer" in kinds:
        points += _OFFER
    said, denied = _of_context(link.context)
    points += denied if points >= _ANCHOR_POINTS["reset"] else said + denied
    points += _PATH if is_explicit else 0.0
    points += _TOKEN if is_secret else 0.0
    is_own = site_of(address.host) in own_sites
    points += _OWN_SITE if is_own else 0.0
    if points and not is_own and not is_explicit and _is_elsewhere(address):
        points += _ELSEWHERE
    return _Ranked(address, points + extra, is_explicit)


def _of_context(context: str) -> tuple[float, float]:
    """What the words before the link say: points of the last two lines, and for a denial of the link's own sentence."""
    lines = [" ".join(line.split()) for line in context.split("\n") if line.strip()][-2:]
    if not lines:
        return 0.0, 0.0
    words = word_list("links/words")
    shadow = shadow_of(_NO_WORD.sub(" ", " ".join(lines)))
    kinds = words.kinds(shadow)
    points = max((_CONTEXT_POINTS.get(kind, 0.0) for kind in kinds), default=0.0)
    sentence = _SENTENCE_END.split(lines[-1])[-1]
    is_denied = "denial" in kinds and "denial" in words.kinds(shadow_of(sentence))
    return points, _DENIAL if is_denied else 0.0


def _is_against(address: Address) -> bool:
    path = address.tail.partition("?")[0].lower()
    return _has_part(address, "path_against") or path.endswith(tuple(table("links/parts")["files"]))


def _has_part(address: Address, kind: str) -> bool:
    return has_part("links/parts", kind, unquote(address.url).lower())


def _is_elsewhere(address: Address) -> bool:
    places = table("links/parts")["elsewhere"]
    return site_of(address.host) in places or address.host.removeprefix("www.") in places
