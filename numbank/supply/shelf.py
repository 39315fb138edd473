"""Where the bookmark of a (pool, service) stands and what comes next: pure arithmetic on dense numbers (engine 2)."""

from __future__ import annotations

from enum import IntEnum
from zlib import crc32

import msgspec


class NumberState(IntEnum):
    """The state of a number."""

    FREE = 0
    LEASED = 1
    RESTING = 2
    OFFLINE = 3
    QUARANTINED = 4


class Shelf(msgspec.Struct):
    """A bookmark that only moves on: seqs start+1..last_seq first, then 1..start. Behind it: (start, hi] and (0, lo]."""

    pool_id: int
    service_id: int
    start: int
    hi: int
    lo: int
    last_seq: int
    moved: bool = False

    @property
    def finished(self) -> bool:
        """Nothing lies ahead of the bookmark."""
        return self.hi >= self.last_seq and self.lo >= self.start

    def window(self, size: int) -> list[int]:
        """The next `size` seqs ahead of the bookmark, in walking order."""
        upper = list(range(self.hi + 1, min(self.hi + size, self.last_seq) + 1))
        size -= len(upper)
        return upper + list(range(self.lo + 1, min(self.lo + size, self.start) + 1))

    def pass_by(self, seq: int) -> None:
        """Move the bookmark over `seq`, which must be the next one."""
        if seq > self.start:
            self.hi = seq
        else:
            self.lo = seq
        self.moved = True


def hashed_start(pool_id: int, service_id: int, last_seq: int) -> int:
    """Where the walk of a new shelf starts. Spread, so that services of one pool do not want the same numbers."""
    return crc32(b"%d:%d" % (pool_id, service_id)) % last_seq if last_seq else 0
