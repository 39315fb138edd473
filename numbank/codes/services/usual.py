"""Tells how the codes of a service usually look, for whoever knows for which service a number was leased."""

import functools
from collections.abc import Mapping

import msgspec

from numbank.codes.services.knowledge import Usual, knowledge

__all__ = ["Usual", "usual"]

NOTHING_KNOWN = Usual()


def usual(code: str) -> Usual:
    """What is usual for a service by its code of the catalogue; empty if nothing is known."""
    return _table().get(code, NOTHING_KNOWN)


@functools.cache
def _table() -> Mapping[str, Usual]:
    """For every code, those of twin rows included."""
    table: dict[str, Usual] = {}
    for first, known in knowledge().items():
        looks = msgspec.structs.replace(known.usual, senders=known.senders)
        table |= dict.fromkeys((first, *known.also), looks)
    return table
