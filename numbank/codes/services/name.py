"""What a name of services is, and the words that names must not be mistaken for."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

import msgspec

from numbank.codes.plain import spelled

Owners = tuple[str, ...]
"""Services that share a name, the best known first."""


class Name(msgspec.Struct, frozen=True):
    """One name and all services that have it; none: a phrase in which a shorter name is something else."""

    owners: Owners
    is_everyday: bool = False
    """It is an everyday word too, or very short: written without a capital it is just that."""
    is_distinctive: bool = False
    """It is neither, and long enough to be meant wherever it stands."""
    is_chosen: bool = False
    """The package knows the service, so it is one that many use."""
    is_capitals: bool = False
    """The brand is always written in capitals."""
    is_small: bool = False
    """The brand is always written in small letters."""
    local: Mapping[str, Owners] = MappingProxyType({})
    """Whose name it is in some countries, as the operator says."""

    def owners_in(self, country: str) -> Owners:
        """The services that have the name there; "" is an unknown country."""
        return self.local.get(country, self.owners)


@functools.cache
def brand_words() -> Mapping[str, frozenset[str]]:
    """The lists of `data/brands/words.toml`."""
    text = (resources.files("numbank.codes") / "data" / "brands" / "words.toml").read_text("utf-8")
    return {kind: frozenset(map(spelled, words)) for kind, words in tomllib.loads(text).items()}


def key_of(name: str) -> str:
    """A name as senders spell it: letters and digits only."""
    return letters_of(spelled(name))


def letters_of(plain: str) -> str:
    """The letters and digits of a name that is spelled like a shadow."""
    return "".join(filter(str.isalnum, plain))
