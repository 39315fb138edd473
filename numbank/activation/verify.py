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


async def prove_sold(session: Session) -> Tally:
    """Sum up the leases of days on which nothing changes any more, slice by slice, then compare them with the sales kept."""
    before = (await session.rows(Q.settled_day))[0][0]
    sold: dict[tuple[object, ...], list[int]] = {}
    for low, high in await id_slices(session, "activation"):
        for *key, leased, delivered in await session.rows(Q.sold_in_slice, low, high, before):
            sums = sold.setdefault(tuple(key), [0, 0])
            sums[0] += leased
            sums[1] += delivered
    kept = {tuple(row[:4]): list(row[4:]) for row in await session.rows(Q.sold, before)}
    tally = Tally()
    for what in sorted(sold.keys() | kept.keys(), key=str):
        was, shown = sold.get(what, [0, 0]), kept.get(what, [0, 0])
        wrong = (
            f"sales of {what[0]} in country {what[1]}, service {what[2]}, supplier {what[3]} are {was}, kept as {shown}"
        )
        tally.look(wrong if was != shown else None)
    return tally


CHECKS: tuple[Check, ...] = (
    whole(Q, "exclusive"),
    whole(Q, "leased"),
    by_id(Q, "holders", "number"),
    by_id(Q, "grouped", "activation"),
    by_id(Q, "charges", "activation"),
    by_id(Q, "references", "activation"),
    by_id(Q, "terms", "activation"),
    by_id(Q, "endings", "activation"),
    by_id(Q, "guarded", "activation"),
    proved_by(Q, "once", prove_once),
    by_id(Q, "orders", "activation"),
    by_id(Q, "attached", "message"),
    by_id(Q, "received", "message"),
    by_id(Q, "errands", "errand"),
    by_id(Q, "shown", "activation"),
    by_id(Q, "acquired", "acquisition"),
    whole(Q, "ordered"),
    proved_by(Q, "sold", prove_sold),
)
