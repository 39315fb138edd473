"""Bad input for every parameter of every action gets a documented answer; the long run is `make fuzz`."""

from __future__ import annotations

from random import Random

import pytest

from numbank.wire.dialects import DIALECTS, SMS_ACTIVATE
from numbank.wire.registry import KINDS, Param
from tests.wire.fuzz import JSON, TEXT, UNKNOWN, fuzz, wrong
from tests.wire.grammar import Grammar, Request, World, closed

REQUESTS = 1_500
ACTIONS = {name for dialect in DIALECTS for name in dialect.actions}
PARAMS = {
    (action.name, param.name): param
    for dialect in DIALECTS
    for action in dialect.actions.values()
    for param in action.params
}


async def test_every_answer_to_requests_by_chance_is_documented(dsn: str) -> None:
    run = await fuzz(dsn, REQUESTS, seed=1)
    assert run.asked.keys() - {UNKNOWN} == ACTIONS
    assert run.asked.total() == REQUESTS
    assert run.served.total() > REQUESTS / 10


@pytest.mark.unit
@pytest.mark.parametrize(
    ("action", "status", "kind", "body", "complaint"),
    [
        ("getBalance", 200, TEXT, b"ACCESS_BALANCE:1.00", ""),
        ("getBalance", 200, TEXT, b"BAD_KEY", ""),
        ("getBalance", 200, TEXT, b"ACCESS_BALANCE:one", "not documented"),
        ("getBalance", 200, TEXT, b"NO_NUMBERS", "not documented"),
        ("getBalance", 200, TEXT, b"ERROR_SQL", "a failure"),
        ("getBalance", 200, TEXT, b"Traceback (most recent call last):", "not documented"),
        ("getBalance", 500, TEXT, b"ERROR_SQL", "HTTP 500"),
        ("getBalance", 200, b"text/plain", b"BAD_KEY", "content type b'text/plain'"),
        ("getBalance", 200, JSON, b"BAD_KEY", "a word as JSON"),
        ("getMoney", 200, TEXT, b"BAD_ACTION", ""),
        ("getMoney", 200, TEXT, b"ACCESS_BALANCE:1.00", "not documented"),
    ],
)
def test_what_is_wrong_is_seen(action: str, status: int, kind: bytes, body: bytes, complaint: str) -> None:
    request = Request(SMS_ACTIVATE, action, "rich", "GET", SMS_ACTIVATE.paths[0], b"", b"", "", ())
    assert wrong(request, status, kind, body) == complaint


@pytest.mark.unit
def test_the_same_seed_makes_the_same_requests() -> None:
    def some(seed: int) -> list[Request]:
        world = World(
            {"rich": "1", "poor": "2"}, ("tg",), (0,), (1,), (79_100_000_000,), 0, {"rich": [100_000_001]}, (1,)
        )
        grammar = Grammar(world, Random(seed), DIALECTS)
        return [grammar.request() for _ in range(50)]

    assert some(1) == some(1)
    assert some(1) != some(2)


@pytest.mark.unit
@pytest.mark.parametrize("param", PARAMS.values(), ids=["-".join(one) for one in PARAMS])
def test_every_parameter_says_what_it_takes(param: Param) -> None:
    assert param.values in KINDS or len(closed(param)) > 1
