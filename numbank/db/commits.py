"""What became of a transaction whose COMMIT answer was lost (engine 1.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from numbank.clock import new_uuid
from numbank.db.pool import Connection

if TYPE_CHECKING:
    import asyncpg

# How long one looks for the end of an old backend: beyond what the server itself allows a transaction.
LOOKS, LOOK_EVERY_S = 100, 0.05
MARKED = "select exists (select from batch_done where id = $1)"


class CommitUnknown(Exception):  # noqa: N818  a state of knowledge, not a mistake
    """The connection broke during COMMIT: `results` count only if the mark of the batch turns out to be there."""

    def __init__(self, mark: UUID, backend: int, results: Sequence[Any]) -> None:
        super().__init__(f"no answer to the commit of batch {mark}")
        self.mark = mark
        self.backend = backend
        self.results = results


class Warned:
    """Listens on a connection: `heard` when the server warned of something since it was set back.

    What follows a warning is heard after it. With a commit it means "committed locally, but might not have been replicated":
    somebody broke its wait for the synchronous standby off, and a fail-over would undo what shows.
    """

    def __init__(self) -> None:
        self.heard = False

    def __call__(self, _connection: object, message: asyncpg.PostgresLogMessage) -> None:
        self.heard = self.heard or message.severity_en == "WARNING"


async def commit_fate(connection: Connection, mark: UUID, backend: int) -> bool:
    """True if the batch was committed. Waits until the old backend is gone, for only then the answer is final.

    Bounded by the server: an idle transaction ends after 2 s, a statement after 3 s (engine 6). A backend that lives
    longer than this waits is another session that got the same pid, or one that hangs in a synchronous commit.

    A mark that can be read is not yet a promise: when a wait for the synchronous standby is broken off, the commit shows on
    this server only, and a fail-over would undo it. A commit of our own behind it waits for the standby, so it is proof.
    """
    committed = await _marked(connection, mark, backend)
    if committed:
        await connection.execute("insert into batch_done (id) values ($1)", new_uuid())
    return committed


async def _marked(connection: Connection, mark: UUID, backend: int) -> bool:
    for _ in range(LOOKS):
        row = await connection.fetchrow(
            "select exists (select from batch_done where id = $1) as done,"
            " exists (select from pg_stat_activity where pid = $2 and pid <> pg_backend_pid()) as alive",
            mark,
            backend,
        )
        assert row is not None  # noqa: S101  a select without from gives one row
        if row["done"]:
            return True
        if not row["alive"]:
            # The mark was read before the backend was seen gone: look once more, now that nothing can change.
            return bool(await connection.fetchval(MARKED, mark))
        await asyncio.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"the backend {backend} of batch {mark} does not end")
