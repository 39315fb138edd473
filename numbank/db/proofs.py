"""Checks made of named queries: whole, in slices of ids, or in slices that another query lists."""

from __future__ import annotations

from numbank.db.checks import MAX_EXAMPLES, Check, Prove, Session, Tally
from numbank.db.queries import Queries

# A check's query gives one row per thing looked at: null when it is right, else what is wrong, in words.
TALLY = """
select count(*), count(wrong), (array_agg(wrong) filter (where wrong is not null))[:MAX_EXAMPLES] from (
CHECK_QUERY
) looked_at(wrong)"""

# From id to id without a gap, the first and the last open-ended, so that strays of the other side fall into one too.
# It jumps over ids that do not exist: a slice holds at most as many rows as it is wide.
ID_SLICES = """
with recursive slice(low) as (
  values ((-9223372036854775808)::bigint)
  union all
  select (select t.id from TABLE_NAME t where t.id >= slice.low + WIDTH order by t.id limit 1)
  from slice where slice.low is not null
)
select low, lead(low, 1, 9223372036854775807) over (order by low) from slice where low is not null order by low"""


def whole(queries: Queries, name: str) -> Check:
    """A check of one statement, for what is small or cannot be cut."""

    async def prove(session: Session) -> Tally:
        tally = Tally()
        tally.add(*(await session.rows(_tally(queries, name)))[0])
        return tally

    return proved_by(queries, name, prove)


def by_id(queries: Queries, name: str, table: str, share: int = 1) -> Check:
    """A check in slices [$1, $2) of a table's ids; `share` times narrower for what each row has many of."""

    async def prove(session: Session) -> Tally:
        tally = Tally()
        for bounds in await id_slices(session, table, share):
            tally.add(*(await session.rows(_tally(queries, name), *bounds))[0])
        return tally

    return proved_by(queries, name, prove)


def by_query(queries: Queries, name: str, slices: str) -> Check:
    """A check in slices that another query lists: $1 is about how many rows one holds, a row has its parameters."""

    async def prove(session: Session) -> Tally:
        tally = Tally()
        for bounds in await session.rows(getattr(queries, slices), session.slice_rows):
            tally.add(*(await session.rows(_tally(queries, name), *bounds))[0])
        return tally

    return proved_by(queries, name, prove)


def proved_by(queries: Queries, name: str, prove: Prove) -> Check:
    """A check with the name and the sentence of a query, done by a function."""
    found = next(query for query in queries if query.name == name)
    return Check(f"{found.package.rpartition('.')[2]}.{name}", found.sentence, prove)


async def id_slices(session: Session, table: str, share: int = 1) -> list[tuple[int, int]]:
    """The slices [from, to) of a table by id."""
    width = max(1, session.slice_rows // share)
    found = await session.rows(ID_SLICES.replace("TABLE_NAME", table).replace("WIDTH", str(width)))
    return [(row[0], row[1]) for row in found]


def _tally(queries: Queries, name: str) -> str:
    return TALLY.replace("MAX_EXAMPLES", str(MAX_EXAMPLES)).replace("CHECK_QUERY", getattr(queries, name))
