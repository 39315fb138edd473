"""Proves the activations: their charges, numbers, messages, orderIds and acquisitions, in both directions."""

from __future__ import annotations

from numbank.db.checks import Check, Session, Tally
from numbank.db.proofs import by_id, id_slices, proved_by, whole
from numbank.db.queries import Queries

Q = Queries("numbank.activation", "verify.sql")


async def prove_once(session: Session) -> Tally:
    """Pairs of number and service lie far apart in the table, and no index of the hot path would bring them together.

    So the pairs of all slices are remembered in a temporary table. A pair that comes again is looked at once more in one
    snapshot: its first lease may have been cancelled since it was seen.
    """
    await session.connection.execute(Q.make_pairs)
    await session.rows(Q.forget_pairs)
    tally = Tally()
    for low, high in await id_slices(session, "activation"):
        looked_at, again = (await session.rows(Q.see_pairs, low, high))[0]
        wrong = [row[0] for row in await session.rows(Q.once, again)] if again else []
        tally.add(looked_at, len(wrong), wrong)
    return tally


CHECKS: tuple[Check, ...] = (
    whole(Q, "exclusive"),
    whole(Q, "leased"),
    by_id(Q, "holders", "number"),
    by_id(Q, "charges", "activation"),
    whole(Q, "open_holds"),
    by_id(Q, "references", "activation"),
    by_id(Q, "endings", "activation"),
    by_id(Q, "guarded", "activation"),
    proved_by(Q, "once", prove_once),
    by_id(Q, "orders", "activation"),
    by_id(Q, "attached", "message"),
    by_id(Q, "shown", "activation"),
    by_id(Q, "acquired", "acquisition"),
    whole(Q, "ordered"),
)
