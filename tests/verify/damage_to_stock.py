"""Damage to the stock."""

from __future__ import annotations

from tests.verify.damage import LIVE, damage

# A number ahead of a bookmark that no other service knows either, with the service of the shelf.
AHEAD = """select n.id as number_id, n.pool_id, n.seq, s.service_id from number n join shelf s on s.pool_id = n.pool_id
  where n.state = 0 and not (n.seq > s.start and n.seq <= s.hi or n.seq <= s.lo)
  and not exists (select from use u where u.number_id = n.id) and not exists (select from passed w where w.number_id = n.id)
  order by n.id limit 1"""
# A free number that rests for a service.
RESTING = """select n.id as number_id, n.pool_id, n.seq, w.service_id from number n join passed w on w.number_id = n.id
  where n.state = 0 and w.not_before is not null order by n.id limit 1"""
# A number that is used and neither leased nor resting.
USED = """select n.id as number_id, n.pool_id, n.seq, u.service_id from number n join use u on u.number_id = n.id
  where n.state = 0 order by n.id limit 1"""


def counted(place: str, withheld: int) -> str:
    """The movement that makes the withheld count right again."""
    return f"insert into stock_move (pool_id, service_id, withheld) select pool_id, service_id, {withheld} from ({place}) x"


STOCK = (
    damage("a free number with an end of rest", "supply.numbers",
           "alter table number drop constraint number_check1",
           "update number set rests_until = now() where id = (select min(id) from number where state = 0)"),
    damage("a free number with a holder", "supply.numbers",
           "alter table number drop constraint number_check",
           f"update number set holder = {LIVE} where id = (select min(id) from number where state = 0)",
           also="activation.holders"),
    damage("a free number whose line is off", "supply.numbers",
           "alter table number drop constraint number_line",
           "update number set offline = true where id = (select min(id) from number where state = 0)"),
    damage("an offline number whose line is on", "supply.numbers",
           "alter table number drop constraint number_line", "update number set offline = false where state = 3"),
    damage("a seq beyond the pool", "supply.numbers",
           "update number set seq = 1000 where id = (select number_id from (" + AHEAD + ") x)", also="supply.seqs"),
    damage("a pool with a hole", "supply.seqs",
           "update pool set last_seq = last_seq + 1 where id = (select min(id) from pool)"),
    damage("a shelf without a count row", "supply.shelves",
           "insert into shelf (pool_id, service_id, start, hi) select min(id), 999999, 0, 0 from pool"),
    damage("a bookmark beyond the pool", "supply.shelves",
           "update shelf set hi = (select last_seq + 1 from pool where id = pool_id)"
           " where hi = (select last_seq from pool where id = pool_id)", also="supply.withheld_counts"),
    damage("a used number on the pile", "supply.behind",
           f"insert into pile select pool_id, service_id, seq from ({USED}) x", also="supply.withheld_counts"),
    damage("a number that fell out of the pile", "supply.behind",
           "delete from pile where (pool_id, service_id, seq) in (select pool_id, service_id, seq from pile limit 1)",
           also="supply.withheld_counts"),
    damage("a use ahead of the bookmark", "supply.uses",
           f"insert into use select number_id, service_id from ({AHEAD}) x"),
    damage("a use of a number that is missing", "supply.uses", "insert into use values (999999, 1)"),
    damage("a wait ahead of the bookmark", "supply.waiting",
           f"insert into passed select number_id, service_id, now() + interval '1 day' from ({AHEAD}) x"),
    damage("a wake-up that was lost", "supply.wakeups", counted(RESTING, -1),
           f"update passed set not_before = null"
           f" where (number_id, service_id) in (select number_id, service_id from ({RESTING}) x)"),
    damage("a pile row ahead of the bookmark", "supply.piles",
           f"insert into pile select pool_id, service_id, seq from ({AHEAD}) x", also="supply.withheld_counts"),
    damage("a pile row of a number that is missing", "supply.piles",
           "insert into pile select pool_id, service_id, 999 from shelf limit 1", also="supply.withheld_counts"),
    damage("a wrong count of free numbers", "supply.free_counts", "update stock set free = free + 1"),
    damage("a lost movement of free numbers", "supply.free_counts", "update stock_move set free = free - 1 where free < 0"),
    damage("a wrong count of withheld numbers", "supply.withheld_counts", "update shelf_stock set withheld = withheld + 1"),
    damage("a wrong count of busy numbers", "supply.busy_counts", "update shelf_stock set busy = busy + 1"),
    damage("a negative count", "supply.counts",
           "alter table stock drop constraint stock_free_check", "update stock set free = -1", also="supply.free_counts"),
    damage("a movement that nothing counts", "supply.counts",
           "insert into stock_move (pool_id, service_id) values (999, 1)"),
)  # fmt: skip
