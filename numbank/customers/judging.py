"""The rule that bans for poor statistics: a pure decision over counts. No I/O, no clock."""

from __future__ import annotations

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """Who has received a message on less than `share` of the last `window` leases is banned for `minutes`; 0: nobody."""

    window: int
    share: float
    minutes: int


class Record(msgspec.Struct, frozen=True):
    """The newest leases that ended and were not judged before, at most as many as the rule looks at.

    `last_lease_id` is the newest of them, 0 when there is none.
    """

    leases: int
    delivered: int
    last_lease_id: int


def judge(rule: Rule, record: Record) -> str | None:
    """The reason for a ban with its figures; None when there is none. Fewer leases than the window prove nothing."""
    if rule.window == 0 or record.leases < rule.window or record.delivered >= rule.share * record.leases:
        return None
    return (
        f"{record.delivered} of the last {record.leases} leases received a message,"
        f" less than {rule.share:.1%}: banned for {rule.minutes} min"
    )
