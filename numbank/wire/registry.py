"""Every action, once: name, parameters, replies, refusals. Dispatch, docs, metrics labels and the fuzz grammar read it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from numbank.errors import Refusal

if TYPE_CHECKING:
    from numbank.wire.call import Call

# Awaited it gives a body, or a page that is kept with its compressed forms; what `Action.shown` takes where there is one.
Function = Callable[["Call"], Awaitable[Any]]
# Renders a desk's answer; raises it when it is a refusal.
Shown = Callable[["Call", Any], bytes]
Registered = TypeVar("Registered", bound=Function)


# What a value may be. A parameter names one of these kinds, or lists all its values with commas between. The fuzz test makes
# good, bad and borderline values of every kind (tests/wire/grammar.py).
KINDS = frozenset({
    "activation id", "address", "boolean", "country", "currency", "date", "decimal", "flags", "hours", "language tag",
    "mail domain", "mailbox id", "number", "numbers", "operators", "phone", "prefixes", "product", "rental id", "service",
    "services", "site", "supplier ids", "text", "time",
})  # fmt: skip


class Param(msgspec.Struct, frozen=True):
    """A parameter: its name, the other names that clients use for it, what it is, and what values it takes (`KINDS`)."""

    name: str
    doc: str
    aliases: tuple[str, ...] = ()
    values: str = ""
    ignored: bool = False


class Envelope(msgspec.Struct, frozen=True, eq=False):
    """How a family of actions wraps the words of its refusals. `words` are those that the family says differently; what is
    in `plain` stays a bare word; a word that is JSON already stays as it is.
    """

    wrap: Callable[[bytes], bytes]
    words: Mapping[type[Refusal], bytes] = {}
    plain: frozenset[type[Refusal]] = frozenset()


class Action(msgspec.Struct, frozen=True, eq=False):
    """One action of the protocol. `json` tells the content type of its success; `poll` that it only reads.

    `way` are the desks and rules behind it, for `numbank explain` and the docs; `envelope` wraps its refusals. With `shown`
    the function is no coroutine: it hands on what the desk is asked, and `shown` renders the answer (getStatus: a coroutine
    less on the way of every poll).
    """

    name: str
    function: Function
    params: tuple[Param, ...]
    replies: tuple[str, ...]
    refusals: tuple[type[Refusal], ...]
    json: bool
    poll: bool
    way: tuple[Callable[..., object], ...] = ()
    envelope: Envelope | None = None
    shown: Shown | None = None

    @property
    def sentence(self) -> str:
        """The first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


ACTIONS: dict[str, Action] = {}


def action(
    name: str,
    *,
    params: tuple[Param, ...] = (),
    replies: tuple[str, ...],
    refusals: tuple[type[Refusal], ...] = (),
    json: bool = False,
    poll: bool = True,
    way: tuple[Callable[..., object], ...] = (),
    envelope: Envelope | None = None,
    shown: Shown | None = None,
    into: dict[str, Action] = ACTIONS,
) -> Callable[[Registered], Registered]:
    """Register an action; the function parses, asks a desk and renders. `into` is where a dialect keeps its own.

    `replies` are the bodies of success, in the language of `wire/shapes.py`.
    """

    def register(function: Registered) -> Registered:
        if name in into:
            raise ValueError(f"action {name} is registered twice")
        into[name] = Action(name, function, params, replies, refusals, json, poll, way, envelope, shown)
        return function

    return register


def variant(
    name: str,
    *,
    into: dict[str, Action],
    more: tuple[Param, ...] = (),
    replies: tuple[str, ...] = (),
    instead: tuple[Param, ...] = (),
    way: tuple[Callable[..., object], ...] = (),
    without: tuple[type[Refusal], ...] = (),
) -> Callable[[Registered], Registered]:
    """Register a dialect's own version of an action: as the base but for the function, `more` parameters, parameters
    `instead` of those with their names, other `replies`, stops at the head of its `way`, and `without` some refusals.
    """
    base = ACTIONS[name]
    changed = {param.name: param for param in instead}

    def register(function: Registered) -> Registered:
        into[name] = msgspec.structs.replace(
            base,
            function=function,
            shown=None,
            params=(*(changed.get(param.name, param) for param in base.params), *more),
            replies=replies or base.replies,
            way=(base.function, *way, *base.way),
            refusals=tuple(kind for kind in base.refusals if kind not in without),
        )
        return function

    return register
