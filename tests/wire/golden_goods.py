"""The golden files of mailboxes and software: their calls, and the mailboxes in every state that these are about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from numbank.server.app import App
from tests.mailbox.world import arrive, deny
from tests.support import Caller, Shop
from tests.wire.golden_case import Case, case
from tests.wire.sample_goods import DENIED, POPULAR, SITE, SMALL, ZONE, sell_mailboxes, sell_software

GOOD: dict[str, dict[str, Case]] = {
    "buyPartnerProduct": {"ok": case(productId="{software}"), "by its other name": case(id="{software}")},
    "getDomains": {"ok": case(site=SITE), "denied": case(site=DENIED)},
    "buyMailActivation": {
        "ok": case(site=SITE, mail_type="1", mail_domain=ZONE),
        "popular": case(site=SITE, mail_type="2", mail_domain=POPULAR),
    },
    "reorderMailActivation": {"ok": case(id="{mailbox over}")},
    "getMailHistory": {"ok": case("mailer"), "a page": case("mailer", page="2", per_page="1"), "none": case("nobody")},
    "cancelMailActivation": {"ok": case(id="{mailbox cancelling}"), "after a mail": case(id="{mailbox read}")},
    "checkMailActivation": {"ok": case(id="{mailbox code}"), "link": case(id="{mailbox link}")},
}

# Refusals that are met in the same way by all of these: these parameters on top.
EVERYWHERE: dict[str, dict[str, str]] = {"NoMailbox": {"id": "999999999"}, "BadSite": {"site": ""}}

PARTICULAR: dict[tuple[str, str], Case] = {
    ("buyPartnerProduct", "NoProduct"): case(productId="{off}"),
    ("buyPartnerProduct", "NoKeysLeft"): case(productId="{sold out}"),
    ("buyPartnerProduct", "NotVerified"): case("nobody", productId="{software}"),
    ("buyMailActivation", "SiteDenied"): case(site=f"shop.{DENIED}", mail_type="1", mail_domain=ZONE),
    ("buyMailActivation", "BadDomain"): case(site=SITE, mail_type="2", mail_domain=ZONE),
    ("buyMailActivation", "NoNumbers"): case(site=SITE, mail_type="2", mail_domain=SMALL),
    ("reorderMailActivation", "SiteDenied"): case(id="{mailbox denied}"),
    ("reorderMailActivation", "NoBalance"): case("mail payer", id="{mailbox paid}"),
    ("cancelMailActivation", "EarlyCancel"): case(id="{mailbox guarded}"),
    ("checkMailActivation", "NoMail"): case(id="{mailbox waiting}"),
}

# A customer who can pay one mailbox; resellers who may buy software.
PAYER = "mail payer"
RESELLERS = ("rich", "poor")
# A site whose mailboxes were sold before it was denied.
ONCE_DENIED = "once.example"

MASKS = (
    (re.compile(r"\b[a-z][a-z0-9]{9}@(first|second)\."), "<address>@<first or second>."),
    (re.compile(r"\b[a-z][a-z0-9]{9}@"), "<address>@"),
    (re.compile(r"software-\d{5}"), "software-<number>"),
)


async def stock(app: App, shop: Shop, price: int) -> dict[str, str]:
    """Domains, prices and products; the ids of the products by name."""
    await sell_mailboxes(shop, price)
    return {name: str(product_id) for name, product_id in (await sell_software(app.bank.seals, shop, price)).items()}


async def make(app: App, shop: Shop, callers: Mapping[str, Caller]) -> dict[str, str]:
    """Mailboxes that wait, that got a mail, that are over; of the customer `mailer` one of each for the history."""
    ids: dict[str, str] = {}
    emails: dict[str, str] = {}

    async def buy(name: str, who: str = "rich", site: str = SITE) -> None:
        answer = await callers[who].json("buyMailActivation", site=site, mail_type=1, mail_domain=ZONE)
        assert answer["status"] == "OK", (name, answer)
        ids[f"mailbox {name}"], emails[name] = str(answer["response"]["id"]), answer["response"]["email"]

    await deny(shop.connection, ONCE_DENIED, denied_=False)
    for name in ("waiting", "cancelling", "guarded", "read", "code", "link", "over"):
        await buy(name)
    await buy("denied", site=ONCE_DENIED)
    await buy("paid", PAYER)
    for name in ("listed", "listed with a code", "listed and over"):
        await buy(name, "mailer")
    for name in ("read", "code", "paid", "listed with a code"):
        await arrive(app, emails[name], text="Your code is 48213", code="48213")
    link = "https://site.example/confirm?token=1"
    await arrive(app, emails["link"], text=f"Confirm: {link}", code=None, link=link)
    for name, who in (("over", "rich"), ("denied", "rich"), ("paid", PAYER), ("listed and over", "mailer")):
        answer = await callers[who].json("cancelMailActivation", id=ids[f"mailbox {name}"])
        assert answer["status"] == "OK", (name, answer)
    later = "update mailbox set cancel_from = created_at + interval '2 minutes' where id = $1"
    await shop.connection.execute(later, int(ids["mailbox guarded"]))
    await deny(shop.connection, ONCE_DENIED)
    return ids
