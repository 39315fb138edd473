"""What the package itself knows about services: loads `data/services/*.toml` once.

A file has one table per service; its key is the code of the catalogue:

    name        how the service is called
    about       what it is and where; only for readers
    also        further codes of the same service: rows that the catalogue has twice
    names       other spellings, other languages, other names
    everyday    those of `name` and `names` that are everyday words too: alone they say nothing
    senders     sender ids that are not just a name; "US:32665" is one in a country (ISO 3166)
    hosts       sites of its own, sub-sites included
    open_hosts  sites where everybody can have an address: they count where a code is bound to them, not in a mail
    usual       how its codes look: lengths (most usual first), letters, grouped ("3-3")
    templates   pieces of its messages that no rule for all names covers (see templates.py)
"""

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

import msgspec


class Usual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the codes of a service look, as far as the package knows; without lengths it knows nothing.

    A help to choose between candidates, never a reason to refuse one: services change their messages.
    """

    lengths: tuple[int, ...] = ()
    """Characters, most usual first."""
    letters: bool = False
    grouped: str = ""
    """"3-3" for 123-456; the code itself has no dash."""
    senders: tuple[str, ...] = ()
    """Sender ids besides the name itself."""


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service; the keys are those of the data files."""

    name: str
    about: str
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    open_hosts: tuple[str, ...] = ()
    usual: Usual = Usual()
    templates: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """All its names."""
        return (self.name, *self.names)


@functools.cache
def knowledge() -> Mapping[str, Known]:
    """All services by their first code."""
    known: dict[str, Known] = {}
    for name, services in files().items():
        for code, service in services.items():
            if code in known:
                raise ValueError(f"{name}: {code!r} is {known[code].name} already")
            known[code] = service
    return MappingProxyType(known)


def files() -> Mapping[str, Mapping[str, Known]]:
    """The services of every data file, by its name without ending."""
    folder = resources.files("numbank.codes") / "data" / "services"
    return {
        file.name.removesuffix(".toml"): msgspec.toml.decode(file.read_bytes(), type=dict[str, Known])
        for file in sorted(folder.iterdir(), key=lambda path: path.name)
        if file.name.endswith(".toml")
    }
