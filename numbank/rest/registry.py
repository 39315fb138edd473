"""Every operation of the JSON API, once: method, path, what goes in and out. Routes and the OpenAPI document read it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from numbank.rest.call import Call

Function = Callable[["Call"], Awaitable[msgspec.Struct | None]]


class Operation(msgspec.Struct, frozen=True, eq=False):
    """One operation. `problems` are the statuses of its own refusals, beside those that every operation has."""

    name: str
    method: str
    path: str
    function: Function
    status: int
    body: type[msgspec.Struct] | None
    query: type[msgspec.Struct] | None
    reply: type[msgspec.Struct] | None
    problems: tuple[int, ...]
    media: str = "application/json"
    key_in_query: bool = False

    @property
    def sentence(self) -> str:
        """The first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    status: int = 200,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    reply: type[msgspec.Struct] | None = None,
    problems: tuple[int, ...] = (),
    media: str = "application/json",
    key_in_query: bool = False,
) -> Callable[[Function], Function]:
    """Register an operation; `{id}` in the path is a number.

    `media` is the type of its reply; `key_in_query`: the key may come as `api_key`, for addresses that players open.
    """

    def register(function: Function) -> Function:
        words = getattr(function, "__name__", "").split("_")
        name = words[0] + "".join(word.capitalize() for word in words[1:])
        OPERATIONS.append(
            Operation(name, method, path, function, status, body, query, reply, problems, media, key_in_query)
        )
        return function

    return register


def struct_names(operations: list[Operation]) -> list[Any]:
    """Every struct that goes in or out, in the order of the operations."""
    found = [one for each in operations for one in (each.body, each.reply) if one is not None]
    return list(dict.fromkeys(found))
