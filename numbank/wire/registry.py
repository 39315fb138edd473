"""Every action, once: name, parameters, replies, refusals. Dispatch, docs, metrics labels and the fuzz grammar read it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from numbank.errors import Refusal

if TYPE_CHECKING:
    from numbank.wire.call import Call

Function = Callable[["Call"], Awaitable[bytes]]


class Param(msgspec.Struct, frozen=True):
    """A parameter: its name, the other names that clients use for it, what it is, and what values it takes."""

    name: str
    doc: str
    aliases: tuple[str, ...] = ()
    values: str = ""
    ignored: bool = False


class Action(msgspec.Struct, frozen=True, eq=False):
    """One action of the protocol. `json` tells the content type of its success; `poll` that it only reads.

    `way` are the desks and rules behind it, for `numbank explain` and the docs.
    """

    name: str
    function: Function
    params: tuple[Param, ...]
    replies: tuple[str, ...]
    refusals: tuple[type[Refusal], ...]
    json: bool
    poll: bool
    way: tuple[Callable[..., object], ...] = ()

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
) -> Callable[[Function], Function]:
    """Register an action; the function parses, asks a desk and renders."""

    def register(function: Function) -> Function:
        if name in ACTIONS:
            raise ValueError(f"action {name} is registered twice")
        ACTIONS[name] = Action(name, function, params, replies, refusals, json, poll, way)
        return function

    return register
