"""A labelled or unlabelled message as a line of JSON, and what was read in it: for `python -m numbank.codes`."""

import csv
import functools
import io
from importlib import resources
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from numbank.codes.mail import read_mail_and_text
from numbank.codes.message import read_message
from numbank.codes.prior import NO_PRIOR, Prior, prior, with_prior
from numbank.codes.services import Brands, Service, service_of, usual
from numbank.codes.services.names import key_of

Kind = Literal["sms", "email", "voice"]

_SUBJECT = "subject:"
_NAMES = ("name_en", "name_ru", "name_es", "name_cn")


class Row(msgspec.Struct, frozen=True):
    """One input. A mail's text is `Subject: ...`, an empty line and the body, HTML or plain. What follows `id` is only
    for measuring: what should be read (`expected` null: no code), and in which language the message is.
    """

    text: str
    kind: Kind = "sms"
    sender: str | None = None
    id: object = UNSET
    expected: str | UnsetType | None = UNSET
    link: str | UnsetType | None = UNSET
    service: str | UnsetType | None = UNSET
    lang: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """One output. `service` is a code of services.csv; `uncertain` the best guess where no code is sure enough."""

    code: str | None
    link: str | None
    service: str | None
    service_name: str | None
    confidence: float
    uncertain: str | None
    id: object = UNSET


def answer(row: Row, *, leased: bool = False) -> Answer:
    """What is read in a message; `leased`: by somebody who leased the number for the `service` of the row."""
    sender = row.sender or ""
    if row.kind == "email":
        subject, body = parts(row.text)
        mail, visible = read_mail_and_text(subject, body, None, sender)
        service, name = _shown(service_of(f"{subject}\n{visible or body}", sender, all_brands(), kind="email"))
        return Answer(mail.code, mail.link, service, name, mail.confidence, mail.uncertain, row.id)
    read = read_message(row.text, sender, all_brands(), kind=row.kind)
    found, service, name = read.found, *_shown(read.service)
    if leased and row.service:
        is_own_sender = not read.senders.isdisjoint(owners_of(row.service))
        found = with_prior(found, _prior_of(row.service), sender, is_own_sender=is_own_sender)
    return Answer(found.code, None, service, name, found.confidence, found.uncertain, row.id)


def owners_of(expected: str) -> frozenset[str]:
    """The codes that a service has in services.csv, named by code, name or site; empty when it is not there."""
    brands = all_brands()
    named = (*brands.sender(key_of(expected), ""), *brands.site(expected.lower(), is_open=True))
    return frozenset((*named, expected) if expected in brands.titles else named)


def _shown(named: Service | None) -> tuple[str | None, str | None]:
    return (None, None) if named is None else (named.code, named.name)


@functools.lru_cache(4_096)
def _prior_of(service: str) -> Prior:
    """What the package knows of a service, named by code, name or site."""
    for code in sorted(owners_of(service)):
        known = usual(code)
        if known.lengths:
            senders = frozenset(key_of(sender.rpartition(":")[2]) for sender in known.senders)
            return prior(known.lengths, letters=known.letters, seen={}, senders=senders)
    return NO_PRIOR


@functools.cache
def all_brands() -> Brands:
    """The services of the table with which every bank begins, so that what is measured here is what a bank does. It is read
    as a file: the catalogue itself is far above this layer.
    """
    table = resources.files("numbank") / "catalogue" / "data" / "services.csv"
    rows = csv.DictReader(io.StringIO(table.read_text("utf-8")))
    return Brands.build([(row["code"], [row[name] for name in _NAMES] + row["aliases"].split(";")) for row in rows])


def parts(text: str) -> tuple[str, str]:
    """Subject and body of a mail that begins with `Subject: ...`; without that line all of it is the body."""
    head, _, body = text.lstrip("\ufeff\r\n").partition("\n")
    if head[: len(_SUBJECT)].lower() != _SUBJECT:
        return "", text
    return head[len(_SUBJECT) :].strip(), body.removeprefix("\r").removeprefix("\n")
