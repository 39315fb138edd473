"""Addresses: what a recipient means, and new ones. Pure."""

from __future__ import annotations

import re
from string import ascii_lowercase, digits

from numbank.clock import Chance
from numbank.mailbox.site import host_of

MOST_LOCAL = 64
MOST_DOMAIN = 255
MOST_ADDRESS = 254
NEW_LOCAL = 10

# An atom of RFC 5321 with dots between; what is quoted may hold nothing else to be one of ours.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def normalise(recipient: str) -> str | None:
    """A recipient as mailboxes are kept: `local@domain` in lower case, the domain in A-labels, without angle brackets,
    quotes, a plus and what follows it, or a final dot. None for what cannot be an address.
    """
    text = recipient.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    local, at, domain = text.rpartition("@")
    host = host_of(domain.removesuffix(".")) if at else None
    if host is None or len(local) > MOST_LOCAL or len(host) > MOST_DOMAIN:
        return None
    quoted = _QUOTED.fullmatch(local)
    if quoted is not None:
        local = re.sub(r"\\(.)", r"\1", quoted[1])
    local = local.lower() if local.isascii() else ""
    if not _LOCAL.fullmatch(local):
        return None
    local = local.partition("+")[0]
    email = f"{local}@{host}"
    return email if local and not local.endswith(".") and len(email) <= MOST_ADDRESS else None


def split(email: str) -> tuple[str, str]:
    """Local part and domain of a normalised address."""
    local, _, domain = email.rpartition("@")
    return local, domain


def new_local(chance: Chance) -> str:
    """The local part of a new address: a letter, then letters and digits."""
    letters = ascii_lowercase + digits
    first = ascii_lowercase[chance.below(len(ascii_lowercase))]
    return first + "".join(letters[chance.below(len(letters))] for _ in range(NEW_LOCAL - 1))
