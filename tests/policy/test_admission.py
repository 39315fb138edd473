"""Regions, rates and floods at the wire of a bank: which word, after which check, and what the metrics say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from numbank.policy import regions
from numbank.server.app import App
from numbank.server.metrics import exposition
from tests.policy import mmdb
from tests.support import PATH, Shop, open_bank, until


async def rule(shop: Shop, subject: str, allowed: bool | None) -> None:
    async with shop.connection.transaction():
        if allowed is None:
            assert await regions.remove(shop.connection, subject)
        else:
            await regions.decide(shop.connection, regions.subject_of(subject), allowed=allowed, reason="")


async def ask(app: App, key: str, *, peer: str = "192.0.2.1", action: str = "getBalance", **headers: str) -> str:
    transport = httpx.ASGITransport(app, client=(peer, 4711))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await client.get(PATH, params={"api_key": key, "action": action}, headers=named)).text


def served(answer: str) -> bool:
    assert answer.startswith("ACCESS_BALANCE") or answer == "SERVICE_UNAVAILABLE_REGION", answer
    return answer.startswith("ACCESS_BALANCE")


async def test_regions_are_refused_after_the_key_on_every_node_within_a_second(dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "countries.mmdb"
    mmdb.write(file, {"198.51.100.0/24": mmdb.country("BR"), "203.0.113.0/24": mmdb.country("RU")})
    settings: dict[str, Any] = {"region_database": str(file), "trusted_proxies": "10.0.0.0/8"}
    async with open_bank(dsn, **settings) as (app, shop), open_bank(dsn, **settings) as (other, _):
        _, key = await shop.customer()
        assert served(await ask(app, key, peer="203.0.113.1"))
        await rule(shop, "all", False)
        await rule(shop, "br", True)
        for node in (app, other):

            async def refused(node: App = node) -> bool:
                return not served(await ask(node, key, peer="203.0.113.1"))

            await until(refused)
            assert served(await ask(node, key, peer="198.51.100.1"))
            # The key comes first: a stranger learns nothing about regions.
            assert await ask(node, "0" * 32, peer="203.0.113.1") == "BAD_KEY"
            assert await ask(node, "", peer="203.0.113.1") == "NO_KEY"
            # Every action, known or not, is refused alike.
            assert await ask(node, key, peer="203.0.113.1", action="nonsense") == "SERVICE_UNAVAILABLE_REGION"
        # Behind a proxy of ours the client counts, behind a stranger's the stranger.
        assert served(await ask(app, key, peer="10.0.0.1", X_Forwarded_For="203.0.113.9, 198.51.100.7"))
        assert not served(await ask(app, key, peer="10.0.0.1", X_Forwarded_For="198.51.100.7, 203.0.113.9"))
        assert not served(await ask(app, key, peer="203.0.113.1", X_Forwarded_For="198.51.100.7"))
        assert not served(await ask(app, key, peer="10.0.0.1", X_Forwarded_For="198.51.100.7, \x7f;garbage"))
        assert not served(await ask(app, key, peer="10.0.0.1", Forwarded="for=198.51.100.7"))
        # The file changes: its countries count at the next look.
        mmdb.write(file, {"203.0.113.0/24": mmdb.country("BR"), "198.51.100.0/24": mmdb.country("AR")})
        assert await app.bank.policy.refresh() == 1
        assert served(await ask(app, key, peer="203.0.113.1"))
        assert not served(await ask(app, key, peer="198.51.100.1"))
        for subject in ("all", "BR"):
            await rule(shop, subject, None)

        async def open_again() -> bool:
            return served(await ask(app, key, peer="198.51.100.1"))

        await until(open_again)
        await app._flush()
    assert b'numbank_policy_refusals_total{rule="region"}' in exposition()


async def test_a_customer_who_asks_too_often_is_told_so_and_others_are_not(dsn: str) -> None:
    async with open_bank(dsn, requests_per_s=5) as (app, shop):
        _, key = await shop.customer()
        _, other = await shop.customer()
        quick_id, quick = await shop.customer()
        await shop.connection.execute("update customer set requests_per_s = 1000 where id = $1", quick_id)
        answers = [await ask(app, key) for _ in range(12)]
        assert answers[:5] == [answers[0]] * 5
        assert set(answers[5:]) <= {answers[0], "TOO_MANY_REQUESTS"}
        assert "TOO_MANY_REQUESTS" in answers
        assert (await ask(app, other)).startswith("ACCESS_BALANCE")
        assert all([(await ask(app, quick)).startswith("ACCESS_BALANCE") for _ in range(12)])
        await app._flush()
    assert b'numbank_policy_refusals_total{rule="rate"}' in exposition()


async def test_a_limit_of_ones_own_holds_without_a_setting(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        slow_id, slow = await shop.customer()
        await shop.connection.execute("update customer set requests_per_s = 1 where id = $1", slow_id)
        assert [await ask(app, slow) for _ in range(3)][1:] == ["TOO_MANY_REQUESTS"] * 2


async def test_a_client_that_tries_keys_is_slowed_down_but_good_keys_at_hand_work_on(dsn: str) -> None:
    async with open_bank(dsn, wrong_keys_per_min=3) as (app, shop):
        _, key = await shop.customer()
        assert (await ask(app, key)).startswith("ACCESS_BALANCE")
        answers = [await ask(app, f"{turn:032d}") for turn in range(6)]
        assert answers == ["BAD_KEY"] * 3 + ["TOO_MANY_REQUESTS"] * 3
        assert (await ask(app, key)).startswith("ACCESS_BALANCE")
        assert await ask(app, "9" * 32, peer="192.0.2.2") == "BAD_KEY"


async def test_who_has_a_whole_ipv6_network_is_one_client(dsn: str) -> None:
    async with open_bank(dsn, wrong_keys_per_min=3) as (app, _):
        answers = [await ask(app, f"{turn:032d}", peer=f"2001:db8:1:2::{turn:x}") for turn in range(6)]
        assert answers == ["BAD_KEY"] * 3 + ["TOO_MANY_REQUESTS"] * 3
        assert await ask(app, "9" * 32, peer="2001:db8:1:3::1") == "BAD_KEY"


async def test_long_headers_are_not_remembered(dsn: str) -> None:
    """What a client writes to the left of its proxy must not fill the memory of a node."""
    async with open_bank(dsn, trusted_proxies="10.0.0.0/8") as (app, shop):
        _, key = await shop.customer()
        await rule(shop, "192.0.2.0/24", False)
        await app.bank.versions.look()
        for turn in range(20):
            made_up = ", ".join([f"198.51.100.{turn}"] * 500)
            headers = {"peer": "10.0.0.1", "x_forwarded_for": f"{made_up}, 192.0.2.7"}
            assert not served(await ask(app, key, **headers))
        remembered = sum(len(part) for origin in app.bank.policy._verdicts for part in origin)
        assert remembered < 5_000
