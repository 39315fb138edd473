"""Bad input gets the documented word, never a crash, never a charge."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import PATH, Caller, open_bank

LONG_ID = "9" * 40


@pytest.fixture(scope="module")
async def caller(dsn: str) -> AsyncIterator[Caller]:
    async with open_bank(dsn) as (app, shop):
        await shop.numbers(20)
        await shop.offer("tg")
        _, key = await shop.customer()
        yield Caller(app, key)


async def send(caller: Caller, query: bytes, **request: object) -> str:
    """A raw query string, exactly as it is."""
    key = b"api_key=" + caller.key.encode() + b"&"
    answer = await caller.post(f"{PATH}?{(key + query).decode('ascii')}", **request)
    assert answer.status_code == 200
    return answer.text


QUERIES = [
    (b"action=getStatus&id=abc", "NO_ACTIVATION"),
    (b"action=getStatus&id=" + LONG_ID.encode(), "NO_ACTIVATION"),
    (b"action=getStatus&id=-1", "NO_ACTIVATION"),
    (b"action=getStatus&id=1e5", "NO_ACTIVATION"),
    (b"action=getStatus&id=%D9%A1%D9%A2", "NO_ACTIVATION"),
    (b"action=getStatus&id=1%00", "NO_ACTIVATION"),
    (b"action=getStatus&id=%FF%FE", "NO_ACTIVATION"),
    (b"action=getStatus&id[]=1", "NO_ACTIVATION"),
    (b"action=getStatus&id=%zz", "NO_ACTIVATION"),
    (b"action=getStatus", "NO_ACTIVATION"),
    (b"action=getStatusV2&id=" + LONG_ID.encode(), "NO_ACTIVATION"),
    (b"action=getFullSms&id=1%00", "NO_ACTIVATION"),
    (b"action=setStatus&id=abc&status=8", "WRONG_ACTIVATION_ID"),
    (b"action=setStatus&status=8", "WRONG_ACTIVATION_ID"),
    (b"action=setStatus&id=1%00&status=8", "WRONG_ACTIVATION_ID"),
    (b"action=setStatus&id=" + LONG_ID.encode() + b"&status=8", "NO_ACTIVATION"),
    (b"action=setStatus&id=1&status=", "BAD_STATUS"),
    (b"action=setStatus&id=1&status=99", "BAD_STATUS"),
    (b"action=setStatus&id=1&status=%00", "BAD_STATUS"),
    (b"action=getNumber", "BAD_SERVICE"),
    (b"action=getNumber&service=%00", "BAD_SERVICE"),
    (b"action=getNumber&service=%FF", "BAD_SERVICE"),
    (b"action=getNumber&service=full", "BAD_SERVICE"),
    (b"action=getNumber&service[]=tg", "BAD_SERVICE"),
    (b"action=getNumber&service=tg&country=abc", "NO_NUMBERS"),
    (b"action=getNumber&service=tg&country=-1", "NO_NUMBERS"),
    (b"action=getNumber&service=tg&country=" + LONG_ID.encode(), "NO_NUMBERS"),
    (b"action=getNumber&service=tg&maxPrice=nan", "WRONG_MAX_PRICE:0.10"),
    (b"action=getNumber&service=tg&maxPrice=-inf", "WRONG_MAX_PRICE:0.10"),
    (b"action=getNumber&service=tg&maxPrice=1e999999999", "WRONG_MAX_PRICE:0.10"),
    (b"action=getNumber&service=tg&maxPrice=%00", "WRONG_MAX_PRICE:0.10"),
    (b"action=getPrices&country=%00", "{}"),
    (b"action=getPrices&service=%FF%FE", "{}"),
    (b"action=getNumbersStatus&country=x", "{}"),
    (b"action=getOperators&country=x", '{"status":"error","error":"OPERATORS_NOT_FOUND"}'),
    (b"action=getServicesList&country=x", '{"status":"success","services":[]}'),
    (b"action=GETBALANCE", "BAD_ACTION"),
    (b"action=", "BAD_ACTION"),
    (b"action=%00", "BAD_ACTION"),
    (b"action[]=getBalance", "BAD_ACTION"),
    (b"&&&==&=&a&action=getStatus&id=x", "NO_ACTIVATION"),
    (b"x=" + b"a" * 60_000 + b"&action=getStatus&id=x", "NO_ACTIVATION"),
    (b"a=1&" * 10_000 + b"action=getStatus&id=x", "ERROR_SQL"),
]


@pytest.mark.parametrize(("query", "word"), QUERIES, ids=[str(number) for number in range(len(QUERIES))])
async def test_each_bad_query_gets_its_word(caller: Caller, query: bytes, word: str) -> None:
    assert await send(caller, query) == word
    assert await caller.get("getBalance") == "ACCESS_BALANCE:100.00"


BOUNDARY = "multipart/form-data; boundary=x"
ACTION_PART = b'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\ngetBalance'
BODIES = [
    (b"action=getBalance", "application/x-www-form-urlencoded", "ACCESS_BALANCE:100.00"),
    (b"action=getBalance", "", "ACCESS_BALANCE:100.00"),
    (b"action=getBalance&x=" + b"a" * 1_000_000, "application/x-www-form-urlencoded", "ACCESS_BALANCE:100.00"),
    (b"action=getBalance&x=" + b"a" * 10_000_000, "application/x-www-form-urlencoded", "ERROR_SQL"),
    (b"a=1&" * 10_000, "application/x-www-form-urlencoded", "ERROR_SQL"),
    (ACTION_PART + b"\r\n--x--\r\n", BOUNDARY, "ACCESS_BALANCE:100.00"),
    (ACTION_PART, BOUNDARY, "BAD_ACTION"),
    (b"\x00\xff--x garbage", BOUNDARY, "BAD_ACTION"),
    (b"garbage", "multipart/form-data", "BAD_ACTION"),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1_500 + b"--x--\r\n", BOUNDARY, "ERROR_SQL"),
    (b'{"action":"getBalance"}', "application/json", "BAD_ACTION"),
    (b"\xff\xfe\x00", "application/x-www-form-urlencoded", "BAD_ACTION"),
]


@pytest.mark.parametrize(("body", "kind", "word"), BODIES, ids=[str(number) for number in range(len(BODIES))])
async def test_each_bad_body_gets_its_word(caller: Caller, body: bytes, kind: str, word: str) -> None:
    assert await send(caller, b"", content=body, headers={"content-type": kind}) == word


async def test_query_and_form_are_merged_and_the_query_wins(caller: Caller) -> None:
    answer = await caller.post(f"{PATH}?action=getBalance", data={"action": "getNumber", "api_key": caller.key})
    assert answer.text == "ACCESS_BALANCE:100.00"


async def test_the_last_of_equal_names_wins_and_blanks_around_names_go(caller: Caller) -> None:
    assert await send(caller, b"action=x&action%20=getBalance") == "ACCESS_BALANCE:100.00"


@pytest.mark.parametrize("path", ["/stubs/handler_api.php", "/stubs/handler_api", "/stubs/handler_api.php/"])
async def test_all_spellings_of_the_path_are_served(caller: Caller, path: str) -> None:
    answer = await caller.post(f"{path}?api_key={caller.key}&action=getBalance")
    assert answer.text == "ACCESS_BALANCE:100.00"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
async def test_odd_methods_are_answered_like_any_other(caller: Caller, method: str) -> None:
    answer = await caller._client.request(method, f"{PATH}?api_key={caller.key}&action=getBalance")
    assert (answer.status_code, answer.text) == (200, "ACCESS_BALANCE:100.00")


async def test_keys_are_checked_before_anything_else(caller: Caller) -> None:
    unknown = ("%00", "%FF", "a" * 50_000, "%F0%9F%98%80")
    for key, word in (("", "NO_KEY"), ("%20", "NO_KEY"), *((key, "BAD_KEY") for key in unknown)):
        answer = await caller.post(f"{PATH}?api_key={key}&action=nothing")
        assert answer.text == word
