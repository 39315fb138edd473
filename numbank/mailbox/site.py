"""Sites: the host names for which mailboxes are leased. Pure."""

from __future__ import annotations

import re

from numbank.errors import BadSite

MOST_HOST = 253
MOST_TYPED = 2_000

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
# Full stops of other scripts, which browsers take for dots.
_DOTS = str.maketrans("。．｡", "...")


def site_of(text: str) -> str | BadSite:
    """The site that somebody means: `https://www.Example.com:443/join?x` is example.com. Scheme, user, port, path and a
    leading www. are cut off, other subdomains stay. BadSite when no public host name is left (addresses are none).
    """
    text = text.strip()
    if not text or len(text) > MOST_TYPED:
        return BadSite()
    text = _SCHEME.sub("", text, count=1)
    text = re.split(r"[/?#\\]", text, maxsplit=1)[0].rpartition("@")[2]
    text = re.sub(r":\d{1,5}$", "", text).removesuffix(".")
    host = host_of(text)
    if host is None:
        return BadSite()
    bare = host.removeprefix("www.")
    return bare if "." in bare else host


def host_of(text: str) -> str | None:
    """A host name in lower case and A-labels, of at least two labels whose last is no number; None for anything else."""
    text = text.translate(_DOTS)
    if not text or len(text) > MOST_HOST:
        return None
    try:
        host = text.encode("idna").decode("ascii").lower() if not text.isascii() else text.lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    if len(host) > MOST_HOST or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        return None
    return None if labels[-1].isdigit() or not labels[-1][0].isalpha() else host


def name_of(text: str) -> str | None:
    """The domain or zone that a customer names (`@mail.example`, `.com`, `com`), as it is kept; None for what is none."""
    text = text.strip().removeprefix("@").removeprefix(".").lower()
    if not text or len(text) > MOST_HOST or not text.isprintable():
        return None
    return host_of(text) or text
