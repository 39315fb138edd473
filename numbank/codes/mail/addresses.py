"""Takes addresses of the web apart: what is one at all, whose site it is, which parts look like secrets."""

import functools
import itertools
import re
import unicodedata
from urllib.parse import unquote

import msgspec

from numbank.codes.wordlist import table

URL_LIMIT = 2048
"""Characters of a link that is given to a customer."""

_URL = re.compile(r"(https?)://([^/?#\s\\@]+)([/?#][^\s]*)?", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}\.?(?::[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](?::[0-9]{1,5})?")
_SPLIT = re.compile(r"[/?#&;]")
_RUN = re.compile(r"[A-Za-z0-9_]{12,}")
_HEX = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LEAST_NAMED = 5
_DOUBLES = frozenset(("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"))
# As browsers send them; whoever shows a link in a page of his own is not surprised by them.
_ESCAPED = str.maketrans({'"': "%22", "<": "%3C", ">": "%3E"})


class Address(msgspec.Struct, frozen=True):
    """A web address in its parts; `tail` begins with the path and ends with the fragment."""

    url: str
    host: str
    tail: str


def address_of(url: str, limit: int = URL_LIMIT) -> Address | None:
    """The parts of an http or https address of at most `limit` characters, None for anything else."""
    if len(url) > limit or not url.isprintable():
        return None
    match = _URL.fullmatch(url)
    if match is None or _HOST.fullmatch(match[2]) is None or not _is_honest(match[2]):
        return None
    url = url.translate(_ESCAPED)
    return Address(url, match[2].lower().rpartition(":")[0] or match[2].lower(), (match[3] or "/").translate(_ESCAPED))


def _is_honest(host: str) -> bool:
    """Whether a host is written with its own letters: no label has Latin letters and their Cyrillic or Greek doubles."""
    if host.isascii():
        return True
    if unicodedata.normalize("NFKC", host) != host:
        return False
    for label in host.split("."):
        scripts = {unicodedata.name(char, "?").partition(" ")[0] for char in label if char.isalpha()}
        if "LATIN" in scripts and scripts & _DOUBLES:
            return False
    return True


def site_of(host: str) -> str:
    """The part of a host that somebody registered: "example.com", "example.co.uk"; a rule of thumb without a list."""
    labels = host.lower().strip(".").split(".")
    is_deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in table("links/parts")["second_levels"]
    return ".".join(labels[-3:] if is_deep else labels[-2:])


def has_token(address: Address) -> bool:
    """Whether a part of the path or the query looks like a secret that nobody could guess."""
    return any(_is_token(part) for part in _SPLIT.split(address.tail)[1:])


def _is_token(part: str) -> bool:
    name, is_named, value = part.rpartition("=")
    name = name.lower()
    if is_named and name.startswith(tuple(table("links/parts")["campaign"])):
        return False
    value = unquote(value) if value else name
    if is_random(value):
        return True
    words = [word for word in re.split(r"[^a-z]+", name) if word]
    is_secret = bool(words) and (words[-1] in _token_names() or name.endswith(("token", "code", "key")))
    return is_secret and len(value) >= _LEAST_NAMED and any(map(str.isdigit, value))


@functools.cache
def _token_names() -> frozenset[str]:
    return frozenset(table("links/parts")["tokens"])


def is_random(value: str) -> bool:
    """Whether a value has no words in it: hexadecimal, or a long run of letters and digits in each other."""
    if _HEX.fullmatch(value):
        return any(map(str.isdigit, value))
    for run in _RUN.findall(value):
        digits = sum(map(str.isdigit, run))
        has_both_cases = not run.isupper() and not run.islower()
        if (len(run) > digits and (digits > 1 or (digits and has_both_cases))) or (len(run) > 20 and _is_jumbled(run)):
            return True
    return False


def _is_jumbled(run: str) -> bool:
    """Whether small letters and capitals change so often that no name is written like that."""
    changes = sum(one.islower() != other.islower() for one, other in itertools.pairwise(run))
    return changes * 4 > len(run)
