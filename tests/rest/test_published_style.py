"""The requests of the published client of version 2 (protocol.md 5.2): a POST's fields in the query string, /domains,
`per_page`, flat `sort`, JSON expected after DELETE, polling as long as `full_message` is empty."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from numbank.rest.call import FORM
from tests.rest.world import SITE, MailWorld, mail_world

# What it raises for; anything else that is not a 2xx is an error without a name.
TITLES = {
    "BAD_API_KEY", "MISSING_API_KEY", "BAD_BALANCE", "BAD_SITE", "BLOCKED_SITE", "BAD_DOMAIN", "CHANNELS_LIMIT",
    "STATUS_WAIT_CODE",
}  # fmt: skip
ROW = ("id", "email", "site", "status", "value", "cost", "date", "full_message")


class PublishedClient:
    """Asks as that client asks, and reads what it reads."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def _ask(self, method: str, path: str, **params: Any) -> Any:
        answer = await self._client.request(method, path, params=params)
        body = answer.json()  # whatever the status
        if not answer.is_success:
            title = body["title"]
            raise LookupError(title if title in TITLES else f"{answer.status_code}")
        return body["data"]

    async def domains(self, site: str) -> list[tuple[str, float, int]]:
        """Names, costs and counts."""
        return [
            (row["name"], row["cost"], row.get("count", -1)) for row in await self._ask("GET", "domains", site=site)
        ]

    async def activations(self, **params: Any) -> list[dict[str, Any]]:
        """A page."""
        return [{name: row[name] for name in ROW} for row in await self._ask("GET", "emails", **params)]

    async def buy(self, site: str, domain: str) -> tuple[int, str]:
        """Id and address."""
        bought = await self._ask("POST", "emails", site=site, mailDomain=domain)
        return bought["id"], bought["email"]

    async def text(self, email_id: int) -> str | None:
        """The text, None: ask again."""
        return (await self._ask("GET", f"emails/{email_id}"))["full_message"] or None

    async def reactivate(self, email_id: int) -> tuple[int, str]:
        """New id, same address."""
        again = await self._ask("POST", f"emails/{email_id}/reorder")
        return again["id"], again["email"]

    async def cancel(self, email_id: int) -> Any:
        """What came back."""
        return await self._ask("DELETE", f"emails/{email_id}")


async def test_it_leases_waits_reads_and_leases_again(dsn: str) -> None:
    async with mail_world(dsn) as bank:
        theirs = PublishedClient(bank.client)
        offered = {name: (cost, left) for name, cost, left in await theirs.domains(SITE)}
        assert offered[bank.popular] == (0.25, 1_000)
        email_id, email = await theirs.buy(SITE, bank.popular)
        assert await theirs.text(email_id) is None
        await bank.mail(email, code="77123", text="Welcome! 77123")
        assert await theirs.text(email_id) == "Welcome! 77123"
        await bank.ask("DELETE", f"/emails/{email_id}", 204)
        again_id, same = await theirs.reactivate(email_id)
        assert same == email
        assert await theirs.text(again_id) is None
        rows = await theirs.activations(page=1, per_page=1, search=email, sort="asc")
        assert [row["id"] for row in rows] == [email_id]
        assert [row["id"] for row in await theirs.activations(page=1, per_page=10, sort="desc")] == [again_id, email_id]


async def test_it_cancels_where_the_setting_answers_json(dsn: str) -> None:
    async with mail_world(dsn, mail_delete_shows=True) as bank:
        theirs = PublishedClient(bank.client)
        email_id, _ = await theirs.buy(SITE, bank.popular)
        assert (await theirs.cancel(email_id))["status"] == "CANCEL"
        assert await bank.shop.cash(bank.customer_id) == 1_000_000


async def test_it_names_what_went_wrong(dsn: str) -> None:
    async with mail_world(dsn, max_live_leases=1) as bank:
        theirs = PublishedClient(bank.client)
        await theirs.buy(SITE, bank.popular)
        poor = PublishedClient(MailWorld(bank.app, bank.shop, *await bank.shop.customer(balance=0), "", "").client)
        other = PublishedClient((await bank.other()).client)
        for asked, title in (
            (PublishedClient(bank.stranger).domains(SITE), "MISSING_API_KEY"),
            (theirs.buy(SITE, bank.popular), "CHANNELS_LIMIT"),
            (poor.buy(SITE, bank.popular), "BAD_BALANCE"), (other.buy("not a site", bank.popular), "BAD_SITE"),
            (other.buy(SITE, "nowhere.example"), "BAD_DOMAIN"), (other.text(999_999_999), "404"),
        ):  # fmt: skip
            with pytest.raises(LookupError, match=title):
                await asked


async def test_fields_come_as_a_form_in_the_query_or_as_json_and_the_body_wins(dsn: str) -> None:
    async with mail_world(dsn) as bank:
        good = {"site": SITE, "mailDomain": bank.popular}
        for request in (
            {"params": good}, {"data": good}, {"json": good},
            {"params": {"site": SITE}, "json": {"mailDomain": bank.popular}},
            {"params": {"site": "no site", "mailDomain": "no domain"}, "json": good},
            {"params": {"site": "no site", "mailDomain": "no domain"}, "data": good},
            {"data": good | {"currency": "840"}, "headers": {"Content-Type": f"{FORM}; charset=utf-8"}},
        ):  # fmt: skip
            await bank.ask("POST", "/emails", 201, **request)
        made = await bank.ask("POST", "/emails/batch", 201, params=good | {"count": "2"})
        assert made["meta"]["count"] == 2
