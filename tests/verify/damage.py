"""What breaks an invariant by hand: a name, the SQL that does it, and every check that must see it."""

from __future__ import annotations

import msgspec


class Damage(msgspec.Struct, frozen=True):
    """Damage that `check` is there for; `also` are the checks that cannot but see it too."""

    name: str
    check: str
    sql: tuple[str, ...]
    also: frozenset[str] = frozenset()


def damage(name: str, check: str, *sql: str, also: str = "") -> Damage:
    return Damage(name, check, sql, frozenset(also.split()))


DONE = "(select min(id) from activation where state = 8)"
OTHER_DONE = "(select max(id) from activation where state = 8)"
LIVE = "(select min(id) from activation where state = 1)"
CANCELLED = "(select min(id) from activation where state = 9)"
CUSTOMER = "(select min(id) from account)"
