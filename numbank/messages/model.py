"""A message as the bank knows it, and what can become of it."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b
from uuid import UUID

import msgspec

from numbank.codes import Found
from numbank.codes.decide import Scored
from numbank.db.driver import uuid_of


class Fate(IntEnum):
    """What became of a message. Everything is kept; only ATTACHED is handed to a customer."""

    ATTACHED = 0
    NO_LEASE = 1  # the number is ours, but nobody leases it
    OTHER_SERVICE = 2  # it clearly names another service than the lease is for
    NO_NUMBER = 3  # the number is not ours
    NO_TEXT = 4  # flash, binary and receipts come with an empty text: kept, but nothing that a customer could read
    OTHER_KIND = 5  # a call where an SMS was leased, or the other way round


class Medium(IntEnum):
    """What a message came as."""

    SMS = 0
    CALL = 1


class Read(msgspec.Struct, frozen=True):
    """What codes/ read in a message: its code, and the ids of the services that it clearly names.

    `service` is the one that it is most likely of: one of these, for several may share a name, or one that it does not name
    clearly. `senders` are those that its sender
    is known to be.
    """

    found: Found
    services: frozenset[int]
    service: int | None = None
    senders: frozenset[int] = frozenset()


class Incoming(msgspec.Struct, frozen=True):
    """A message at the door. `e164` is the receiving number, `foreign_id` the supplier's own id of the message.

    `code`, `confidence`, `uncertain` and `ranked` are what codes/ read in it (codes/decide.py), `services` the services that
    it clearly names, `service` the likeliest one (see Read), `senders` those that its sender is known to be.
    `own_only`: refuse it unless the number belongs to this supplier (agents). Of a call the sender is the caller and the
    text the transcript, empty when nobody wrote one; `language` is the transcript's, `recording_url` where its supplier
    has the audio.
    """

    supplier_id: int
    foreign_id: str
    e164: int
    sender: str
    text: str
    code: str | None
    confidence: float
    services: frozenset[int]
    own_only: bool = False
    medium: Medium = Medium.SMS
    language: str | None = None
    recording_url: str = ""
    uncertain: str | None = None
    ranked: tuple[Scored, ...] = ()
    service: int | None = None
    senders: frozenset[int] = frozenset()

    def read_as(self, read: Read) -> Incoming:
        """The same message with what was read in it."""
        found = read.found
        return msgspec.structs.replace(
            self, code=found.code, confidence=found.confidence, uncertain=found.uncertain, ranked=found.ranked,
            services=read.services, service=read.service, senders=read.senders,
        )  # fmt: skip

    @property
    def named(self) -> int | None:
        """The likeliest of the services that it clearly names."""
        return self.service if self.service in self.services else None

    @property
    def found(self) -> Found:
        """What was read, for who knows more than the text: the lease that gets it."""
        return Found(self.code, self.confidence, self.uncertain, self.ranked)

    @property
    def key(self) -> tuple[UUID, UUID]:
        """(supplier and its id, content): equal for a repeat; the first alone is equal when an id was used again.

        Suppliers count calls and SMS apart, so a call never repeats an SMS. The query of a recording's address does not
        tell calls apart: many suppliers sign it anew, with the time, whenever they push the same call again.
        """
        if self.medium is Medium.CALL:
            return (
                digest(str(self.supplier_id), "call", self.foreign_id),
                digest(str(self.e164), self.sender, self.text, self.recording_url.partition("?")[0]),
            )
        return (
            digest(str(self.supplier_id), self.foreign_id),
            digest(str(self.e164), self.sender, self.text),
        )


def digest(*parts: str) -> UUID:
    """What tells a repeat: 16 bytes over the parts; lengths go in, so that no two lists of parts run together."""
    whole = b""
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole += len(data).to_bytes(8, "big") + data
    return uuid_of(blake2b(whole, digest_size=16).digest())
