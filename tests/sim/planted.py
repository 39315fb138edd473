"""Bugs that are put into the bank on purpose, to show that the checkers see them; mistakes that somebody could make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

import msgspec

from numbank.activation import attach as attaching
from numbank.activation.states import TABLE, Charge, Event, State, Step
from numbank.db import counter
from numbank.hooks import queue
from numbank.leases import ends
from numbank.ledger import journal
from numbank.messages import store
from numbank.supply import numbers


async def _forget_hold(*_: Any) -> None:
    """A lease takes no hold."""


_post_holds, _keep, _take_new, _rest = journal.post_holds, store.keep, store.take_new, numbers.rest


async def _post_twice(tx: Any, hold_ids: Any) -> None:
    """A posted hold is booked once more."""
    await _post_holds(tx, hold_ids)
    for hold_id in hold_ids:
        await tx.execute(
            "insert into entry (kind, debit, credit, currency, amount, hold_id)"
            " select 3, -2, -3, 840, cash + cashback, id from hold where id = $1 and cash + cashback > 0", hold_id,
        )  # fmt: skip


def _first(_services: Any, seekers: Any, *_: Any, **__: Any) -> Any:
    """Whoever is on the number gets the message, whatever service it names."""
    return seekers[0]


async def _tell_nobody(*_: Any, **__: Any) -> None:
    """Webhooks are forgotten."""


async def _keep_most(tx: Any, messages: Any, now: Any) -> None:
    """The last of several messages that came together is lost."""
    await _keep(tx, messages[:-1] if len(messages) > 2 else messages, now)


async def _always_new(tx: Any, incoming: Any) -> Any:
    """A repeat is not known as one."""
    renamed = [msgspec.structs.replace(one, foreign_id=f"{one.foreign_id}-{next(_turns)}") for one in incoming]
    new, now = await _take_new(tx, renamed)
    for place, kept in new.items():
        kept.incoming = incoming[place]
    return new, now


async def _always_committed(*_: Any) -> bool:
    """A commit whose answer was lost counts as done."""
    return True


async def _rest_all(tx: Any, ended: Any, now: Any, **times: Any) -> None:
    """A number rests when the first of several leases on it ends."""
    await _release(tx, [msgspec.structs.replace(one, last=True) for one in ended], now, **times)


_release = ends.release
_turns = count()

BUGS: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    "a lease without a hold": ((journal, "place_holds", _forget_hold),),
    "a hold posted twice": ((journal, "post_holds", _post_twice),),
    "a message for another service": ((attaching, "match", _first),),
    "a webhook forgotten": ((queue, "enqueue", _tell_nobody),),
    "a webhook of a rental forgotten": ((queue, "enqueue_rent", _tell_nobody),),
    "a message lost": ((store, "keep", _keep_most),),
    "a repeat stored again": ((store, "take_new", _always_new),),
    "a lost commit taken for done": ((counter, "commit_fate", _always_committed),),
    "a number that rests while it is leased": (("numbank.activation.advance", "release", _rest_all),),
}
"""By what is wrong: module, name in it, and what stands there instead."""

REFUNDED = "a refund after a code"


@contextmanager
def planted(bug: str) -> Iterator[None]:
    """While this is entered the bank has a bug."""
    if bug == REFUNDED:
        step = Step(State.CANCELLED, Charge.NONE)
        with patch.dict(TABLE, {(State.CODE, Event.CANCEL): step, (State.RETRY, Event.CANCEL): step}):
            yield
        return
    patches = [
        patch(f"{where}.{name}", new) if isinstance(where, str) else patch.object(where, name, new)
        for where, name, new in BUGS[bug]
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
