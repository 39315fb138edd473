"""Reads about activations: the status counter's set read, and the single and listed views."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from numbank.activation.model import Activation, Status, StatusRequest
from numbank.activation.states import State
from numbank.db.counter import Answers
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.errors import NoActivation, Refusal

Q = Queries("numbank.activation")

_STATES = {int(state): state for state in State}
# Most polls find no code yet: their answers are made once. No account has the number None.
_NO_CODE = {number: Status(state, None) for number, state in _STATES.items()}
_MISSING = (None, 0, None)
MAX_LISTED = 1_000


async def statuses(connection: Connection, requests: Sequence[StatusRequest]) -> Answers[Status]:
    """Serve the status counter: one read for all polls. A foreign or hidden activation looks like a missing one."""
    ids = [request.lease_id for request in requests]
    rows = await connection.fetch(Q.statuses, ids, min(ids), max(ids))
    found = {lease_id: (account_id, state, code) for lease_id, account_id, state, code in rows}
    results: list[Status | Refusal] = []
    for request in requests:
        account_id, state, code = found.get(request.lease_id, _MISSING)
        if account_id != request.account_id:
            results.append(NoActivation())
        else:
            results.append(_NO_CODE[state] if code is None else Status(_STATES[state], code))
    return Answers(results)


class Views:
    """Reads for one customer at a time; Unavailable when the database does not answer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @answered
    async def one(self, account_id: int, lease_id: int) -> Activation | Refusal:
        """One activation of an account with the message behind its code."""
        row = await self._pool.fetchrow(Q.activation_view, lease_id, account_id)
        return NoActivation() if row is None else _activation(row)

    @answered
    async def live(self, account_id: int) -> list[Activation]:
        """The live activations of an account, newest first, at most MAX_LISTED."""
        return [_activation(row) for row in await self._pool.fetch(Q.live_views, account_id, MAX_LISTED)]


def _activation(row: asyncpg.Record) -> Activation:
    return msgspec.convert(dict(row), Activation)
