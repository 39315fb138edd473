"""One call of a golden file; the tables of calls are in golden_cases.py and its neighbours."""

from __future__ import annotations

import msgspec

HERE = "127.0.0.1"
NOBODYS = "999999999"


class Case(msgspec.Struct, frozen=True):
    """One call. `who` asks, from `address`, with so many fields of no meaning as `filler`; asked so many `times`, or until
    the answer is `stop`, and the last answer is the one that counts."""

    params: dict[str, str]
    who: str = "rich"
    address: str = HERE
    times: int = 1
    filler: int = 0
    stop: str = ""


def case(who: str = "rich", times: int = 1, **params: str) -> Case:
    """A case with its parameters as names."""
    return Case(params, who, times=times)
