"""Proves the activations: their charges, numbers, messages, orderIds and acquisitions, in both directions."""

from __future__ import annotations

import sys
from array import array
from collections import Counter, defaultdict

from numbank.db.checks import Check, Session, Tally
from numbank.db.proofs import by_id, id_slices, proved_by, whole
from numbank.db.queries import Queries

Q = Queries("numbank.activation", "verify.sql")

# 128 MB; what is looked at again of a bank that is badly damaged.
MOST_PAIRS = 16_000_000
MOST_SUSPECTS = 10_000


async def prove_once(session: Session) -> Tally:
    """Pairs of number and service lie far apart in the table, and no index of the hot path would bring them together.

    So hashes of all pairs are remembered here, 8 bytes each and MOST_PAIRS at a time; where that is too little, the table is
    read in several turns. The leases of a hash that came twice are looked at once more in one snapshot: two pairs may have
    one hash, and one of two leases may have been cancelled since it was seen.
    """
    tally = Tally()
    slices = await id_slices(session, "activation")
    turns = len(slices) * session.slice_rows // MOST_PAIRS + 1
    twice: list[int] = []
    for turn in range(turns):
        heaps: defaultdict[int, bytearray] = defaultdict(bytearray)
        for low, high in slices:
            for heap, hashes in await session.rows(Q.pairs, low, high, turn, turns):
                heaps[heap] += hashes
                tally.look_at(len(hashes) // 8)
        while heaps:
            twice += _twice(heaps.popitem()[1])
    if twice:
        known, rest = twice[:MOST_SUSPECTS], twice[MOST_SUSPECTS:]
        suspects = [row[0] for low, high in slices for row in await session.rows(Q.suspects, low, high, known)]
        wrong = [row[0] for row in await session.rows(Q.once, suspects)]
        tally.add(0, len(wrong) + len(rest), wrong)
    return tally


def _twice(hashes: bytearray) -> list[int]:
    """The hashes, 8 bytes in network order each, that are there more than once."""
    found = array("q", bytes(hashes))
    if len(set(found)) == len(found):
        return []
    if sys.byteorder == "little":
        found.byteswap()
    return [hash_ for hash_, times in Counter(found).items() if times > 1]


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
