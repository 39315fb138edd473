"""Every operation of the JSON APIs, once: method, path, what goes in and out. Routes and the OpenAPI documents read it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from numbank.errors import Refusal
from numbank.rest.problem import Refused, Shape

if TYPE_CHECKING:
    from numbank.rest.call import Call

# A struct is an object; a list of structs stands for itself.
Reply = Any
Function = Callable[["Call"], Awaitable[Reply]]


class Operation(msgspec.Struct, frozen=True, eq=False):
    """One operation. `problems` are the statuses and `refusals` the refusals of its own, beside those that every operation
    has; `others` are further statuses of success, with their replies. `leads_to` names the operations on what it made.
    A `public` one asks for no key, a `poll` is asked again and again.
    """

    name: str
    method: str
    path: str
    function: Function
    status: int
    body: type[msgspec.Struct] | None
    query: type[msgspec.Struct] | None
    reply: Any
    problems: tuple[int, ...]
    refusals: tuple[type[Refusal], ...] = ()
    media: str = "application/json"
    key_in_query: bool = False
    public: bool = False
    poll: bool = False
    deprecated: bool = False
    others: tuple[tuple[int, Any], ...] = ()
    leads_to: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The first sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """What the docstring says beside its first line."""
        return " ".join((inspect.getdoc(self.function) or "").split("\n")[1:]).strip()

    @property
    def path_name(self) -> str:
        """The name of the number in the path, empty where there is none."""
        found = re.search(r"{(\w+)}", self.path)
        return found[1] if found else ""


class Api:
    """One API: its operations under one prefix, and how it says no. `bug` is what a caller sees of a bug."""

    def __init__(
        self, prefix: str, title: str, about: str, *, shape: Shape, bug: Refused, common: Mapping[int, str]
    ) -> None:
        self.prefix = prefix
        self.title = title
        self.about = about
        self.shape = shape
        self.bug = bug
        self.common = common
        self.operations: list[Operation] = []

    def operation(
        self,
        method: str,
        path: str,
        *,
        name: str = "",
        status: int = 200,
        problems: tuple[int, ...] = (),
        body: type[msgspec.Struct] | None = None,
        query: type[msgspec.Struct] | None = None,
        reply: Any = None,
        **more: Any,
    ) -> Callable[[Function], Function]:
        """Register an operation under the prefix; `{name}` in the path is a number.

        `media` is the type of its reply; `key_in_query`: the key may come as `api_key`, for addresses that players open.
        """

        def register(function: Function) -> Function:
            words = getattr(function, "__name__", "").split("_")
            called = name or words[0] + "".join(word.capitalize() for word in words[1:])
            full = self.prefix + path
            self.operations.append(
                Operation(called, method, full, function, status, body, query, reply, problems, **more)
            )
            return function

        return register


def kinds(operations: list[Operation]) -> list[Any]:
    """Every type that goes in or out, in the order of the operations."""
    found: list[Any] = []
    for each in operations:
        found += [each.body, each.reply, *(kind for _, kind in each.others)]
    return [kind for at, kind in enumerate(found) if kind is not None and kind not in found[:at]]
