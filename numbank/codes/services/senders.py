"""Tells by whom a message is: the id of an SMS, the address and the name of a mail, the site that its code is bound to."""

import functools
import re

from numbank.codes.masks import bound_line
from numbank.codes.plain import Plain, normalise
from numbank.codes.services.name import Owners, brand_words, key_of
from numbank.codes.services.names import Brands

_INDIAN_SENDER = re.compile(r"[A-Za-z]{2}-([A-Za-z0-9]{3,9})(?:-[A-Za-z])?")  # operator, name, kind of message
_PIECE = re.compile(r"[\s_-]+")
_MAIL = re.compile(r"(.{0,200}?)<?([^\s<>@\"]{1,100})@([A-Za-z0-9.-]{3,200})>?\s*")
_PUBLIC_LABELS = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go"})
_SHORTEST_LABEL = 4
_SENDER_LIMIT = 320
# Few senders write most messages: reading one's name again would be a tenth of the work on a message.
_REMEMBERED = 4_096


def of_sender(sender: str, brands: Brands, country: str) -> Owners:
    """The services that an SMS names as its sender."""
    plain, whole, name = _keys_of(sender[:_SENDER_LIMIT])
    owners = brands.sender(whole, country) or brands.sender(name, country)
    return owners or of_host(plain.rpartition("@")[2], brands, is_open=False)


def is_brand(sender: str) -> bool:
    """Whether a sender id is the name of somebody: no number, and not just "OTP" or "INFO"."""
    name = _keys_of(sender[:_SENDER_LIMIT])[2]
    return any(map(str.isalpha, name)) and name not in brand_words()["never"]


@functools.lru_cache(_REMEMBERED)
def _keys_of(sender: str) -> tuple[str, str, str]:
    """A sender id in plain spelling, its key, and its key without words such as "OTP"."""
    plain = normalise(sender).text.strip()
    match = _INDIAN_SENDER.fullmatch(plain)
    if match:
        plain = match[1]
    return plain, key_of(plain), key_of(_name_of(plain))


def _name_of(plain: str) -> str:
    noise = brand_words()["sender_noise"]
    return "".join(piece for piece in _PIECE.split(plain) if piece.lower() not in noise)


def of_mail(sender: str, brands: Brands) -> tuple[Owners, Owners]:
    """The services of the address of a mail, and of the name that stands before it."""
    match = _MAIL.fullmatch(sender[:_SENDER_LIMIT])
    if match is None:
        return (), of_sender(sender, brands, "")
    name = match[1].strip(" \"'")
    return of_host(match[3], brands, is_open=False), of_sender(name, brands, "") if name else ()


def of_bound_line(plain: Plain, brands: Brands) -> Owners:
    """The services of the site that the last line binds the code to."""
    bound = None if plain.is_cut else bound_line(plain.text)
    return of_host(bound.host, brands, is_open=True) if bound else ()


def of_host(host: str, brands: Brands, *, is_open: bool) -> Owners:
    """The services of a site: known ones, else those whose name is its name, if that is no everyday word."""
    host = host.lower().strip(".").removeprefix("www.")
    if owners := brands.site(host, is_open=is_open):
        return owners
    labels = host.split(".")
    site = labels[:-2] if len(labels) > 2 and labels[-2] in _PUBLIC_LABELS else labels[:-1]
    if not site:
        return ()
    if whole := brands.sender(key_of("".join(labels[len(site) - 1 :])), ""):
        return whole if is_open else ()
    key = key_of(site[-1])
    owners = () if len(key) < _SHORTEST_LABEL or key in brands.everyday else brands.sender(key, "")
    return () if owners and not is_open and brands.is_open(owners) else owners
