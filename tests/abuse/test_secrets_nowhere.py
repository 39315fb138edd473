"""Secrets are planted in everything that carries one, a real bank at DEBUG level does all it can do and much that fails, and
then nothing of them is in its log, its database's log, its metrics or its answers to what failed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import shutil
import smtplib
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from numbank.db.embedded import attach
from numbank.db.seals import Seals
from numbank.software import stock
from tests.abuse.clients import HOST, until
from tests.rent.support import terms
from tests.server.live import Live, command, free_port, get
from tests.support import PATH, Shop
from tests.wire.golden_cases import ALL
from tests.wire.sample_goods import SITE, ZONE, sell_mailboxes, verify_resellers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

CODE, WORDS = "73915482", "Quagga-Okapi-Zebu"
TEXT = f"Telegram code {CODE}, {WORDS}"
MAIL_WORDS, MAIL_CODE = "Narwhal-Beluga-Orca", "86420975"
LICENCE = "LYNX4-QZ7K2-OCELOT-88213"
STOLEN = "5tolenKeyThatIsNotOurs77Gg1"
PASSWORD = "hunter2-Axolotl-hunter"
HOOK_PATH = "/in?token=Pangolin-Aardvark-1"
AT_ONCE = 16
ENDING_KEY = "Capybara-order-31337"
SETTINGS = {
    "log_level": "debug", "access_log": "all", "early_cancel_s": "0", "mailbox_early_cancel_s": "0", "cool_down_s": "0",
    "hook_allow": "127.0.0.0/8", "hook_ports": "1-65535", "hook_disable_after": "1",
}  # fmt: skip


class Stage:
    """A live bank with an embedded database, and everything that is secret in it."""

    def __init__(self, server: Live, data: Path, smtp: int, shop: Shop) -> None:
        self.server, self.data, self.smtp, self.shop = server, data, smtp, shop
        self.key = self.agent_key = ""
        self.secrets: dict[str, str] = {
            "code": CODE, "text": WORDS, "mail": MAIL_WORDS, "mail code": MAIL_CODE, "licence key": LICENCE,
            "stolen key": STOLEN, "password": PASSWORD, "hook address": HOOK_PATH.partition("=")[2],
        }  # fmt: skip
        self.refusals: list[str] = []
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30)

    async def wire(self, action: str, **params: str) -> str:
        """One call with the planted key."""
        return (await self.client.get(PATH, params={"api_key": self.key, "action": action} | params)).text

    async def push(self, e164: str, text: str, key: str = "") -> str:
        """An agent's push; its answer."""
        given = {"key": key or self.agent_key, "smsId": text[-12:] + e164, "phone": e164}
        body = given | {"phoneFrom": "Telegram", "text": text}
        return (await self.client.post("/agent/api/sms", json=body)).text

    async def fails(self, method: str, path: str, field: str = "", **request: object) -> None:
        """A request that is refused; its answer must hold no secret either. The path, and the name of a `field` that there
        is not, are no place for one: the JSON APIs name them to whoever sent them, and no log does."""
        answer = await self.client.request(method, path, **request)  # type: ignore[arg-type]
        # What still works shows its owner what is his.
        if answer.status_code >= 400 or path.startswith((PATH, "/agent")):
            text = answer.text.replace(path, "")
            self.refusals.append(f"{answer.headers}\n{text.replace(field, '') if field else text}")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="numbank-secrets-"))
    folder.chmod(0o755)  # noqa: ASYNC240  before anything runs
    smtp = free_port()
    environment = {f"NUMBANK_{name.upper()}": value for name, value in SETTINGS.items()}
    environment |= {"NUMBANK_SMTP_LISTEN": f"{HOST}:{smtp}", "NUMBANK_SECRETS_FILE": str(folder / "secrets.key")}
    server = Live(["--data", str(folder / "data")], **environment)
    server.arguments = ["/bin/sh", "-c", f'exec "$@" 2>>{folder}/stderr', "sh", *server.arguments]
    try:
        server.start()
        connection = await asyncpg.connect(attach(folder / "data"))
        made = Stage(server, folder / "data", smtp, Shop(connection))
        await _fill(made, folder / "secrets.key")
        yield made
        await made.client.aclose()
        await connection.close()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(stage: Stage, secrets_file: Path) -> None:
    shop = stage.shop
    agent = command("agent", "add", "bank1", "--json", "--data", str(stage.data))
    stage.agent_key = str(json.loads(agent.stdout)["key"])
    customer_id, stage.key = await shop.customer()
    stage.secrets |= {"key": stage.key, "agent key": stage.agent_key}
    await verify_resellers(shop, [customer_id])
    await shop.numbers(200, supplier="bank1", first=79_200_000_000)
    await shop.offer("tg", "vk", "av", supplier="bank1")
    await sell_mailboxes(shop, 1_000)
    async with shop.connection.transaction():
        product = await stock.add(shop.connection, "soft", 1_000, f"manual {WORDS}")
        loader = stock.Loader(Seals(secrets_file), product)
        keys = [(turn, f"{LICENCE}-{turn}") for turn in range(1, 9)]
        assert await loader.load(shop.connection, keys, stock.Loaded()) == len(keys)
    await terms(shop, "full", "tg", country=0)
    await shop.counted()


async def _honest(stage: Stage) -> str:
    """What a bank is for, with secrets in it; gives the id of a lease that has its code."""
    hook = (
        await stage.client.post("/v1/hooks", json={"url": f"http://127.0.0.1:9{HOOK_PATH}"}, headers=_key(stage))
    ).json()
    stage.secrets["hook secret"] = hook["secret"]
    _, lease_id, e164 = (await stage.wire("getNumber", service="tg", country="0")).split(":")
    assert await stage.push(e164, TEXT) == '{"status":"SUCCESS"}'
    assert await stage.wire("getStatus", id=lease_id) == f"STATUS_OK:{CODE}"
    assert WORDS in await stage.wire("getFullSms", id=lease_id)
    bought = json.loads(await stage.wire("buyMailActivation", site=SITE, mail_type="1", mail_domain=ZONE))["response"]
    with smtplib.SMTP(HOST, stage.smtp, timeout=30) as mail:
        mail.sendmail("a@b.example", bought["email"], f"Subject: {MAIL_WORDS}\r\n\r\nYour code is {MAIL_CODE}\r\n")
    assert MAIL_CODE in await stage.wire("checkMailActivation", id=str(bought["id"]))
    products = await stage.wire("buyPartnerProduct", productId="1")
    assert LICENCE in products
    return lease_id


async def _everything(stage: Stage, lease_id: str) -> None:
    """Every action in every case of the golden files, whatever it answers here."""
    ids: defaultdict[str, str] = defaultdict(lambda: lease_id)
    calls = [
        (action, {name: value.format_map(ids) for name, value in case.params.items()})
        for (_, action), cases in ALL.items()
        for case in cases.values()
        if case is not None
    ]
    for begin in range(0, len(calls), AT_ONCE):
        some = calls[begin : begin + AT_ONCE]
        await asyncio.gather(*(stage.wire(action, **(fields | {"ref": ENDING_KEY})) for action, fields in some))
    for path in ("/koala/stubs/handler_api.php", PATH):
        await stage.client.post(path, data={"api_key": stage.key, "action": "getBalance", "x": PASSWORD})


async def _hostile(stage: Stage) -> None:
    """Secrets where they do not belong."""
    wrong = {"api_key": STOLEN, "action": "getBalance"}
    for where in (
        PATH,
        f"{PATH}/{STOLEN}",
        f"/{STOLEN}",
        f"/v1/{STOLEN}",
        f"/api/v2/emails/{STOLEN}",
        "/agent/api/sms",
    ):
        await stage.fails("GET", where, params=wrong, headers={"X-API-Key": STOLEN, "Cookie": PASSWORD})
        bearer = {"Authorization": f"Bearer {STOLEN}"}
        await stage.fails("POST", where, content=b'{"key":"' + STOLEN.encode(), headers=bearer)
    await stage.fails("GET", PATH, params={"api_key": stage.key, "action": PASSWORD})
    await stage.fails("GET", PATH, params={"api_key": stage.key, "action": "getNumber", "service": PASSWORD})
    await stage.fails("POST", "/v1/hooks", json={"url": f"http://u:{PASSWORD}@127.0.0.1/"}, headers=_key(stage))
    await stage.fails(
        "POST", "/v1/hooks", PASSWORD, json={"url": "http://127.0.0.1/", PASSWORD: 1}, headers=_key(stage)
    )
    stage.refusals.append(await stage.push("79209999999", TEXT))
    stage.refusals.append(await stage.push("79200000000", TEXT, key=STOLEN))
    with smtplib.SMTP(HOST, stage.smtp, timeout=30) as mail:
        mail.ehlo()
        for line in (
            f"AUTH PLAIN {PASSWORD}",
            f"AUTH LOGIN {STOLEN}",
            f"MAIL FROM:<{PASSWORD}",
            f"{STOLEN} {PASSWORD}",
        ):
            stage.refusals.append(str(mail.docmd(line)))
        mail.mail("a@b.example")
        stage.refusals.append(str(mail.rcpt(f"{STOLEN}@nowhere.example")))


async def _broken(stage: Stage) -> None:
    """The database refuses rows with secrets in them, then tables are gone under running actions."""
    db = stage.shop.connection
    _, lease_id, e164 = (await stage.wire("getNumber", service="vk", country="0")).split(":")
    await db.execute("alter table message add constraint planted check (length(text) < 3) not valid")
    stage.refusals.append(await stage.push(e164, f"VK code {CODE}, {WORDS}"))
    await db.execute("alter table message drop constraint planted")
    for table in ("activation", "mailbox", "software_purchase", "hook", "api_key"):
        if await db.fetchval("select to_regclass($1) is null", table):
            continue
        await db.execute(f"alter table {table} rename to {table}_gone")
        for action in ("getStatus", "getFullSms", "setStatus", "getNumber", "checkMailActivation", "buyPartnerProduct"):
            with suppress(httpx.TransportError):
                answer = await stage.wire(action, id=lease_id, service="tg", status="6", productId="1")
                if not answer.startswith(("STATUS_OK", "FULL_SMS", "{")):
                    stage.refusals.append(answer)
        stage.refusals.append(await stage.push(e164, f"again {CODE}, {WORDS}"))
        await stage.fails("GET", "/v1/hooks", headers=_key(stage))
        await db.execute(f"alter table {table}_gone rename to {table}")
    # As an extension or a careless trigger would: an error whose words are the row.
    with suppress(asyncpg.PostgresError):
        await db.execute("select $1::int", 1)


def _key(stage: Stage) -> dict[str, str]:
    return {"X-API-Key": stage.key}


def forms(secret: str) -> Iterator[str]:
    """A secret as it could be written: plain, its beginning and end, hex, base64 at every offset, escaped, a digest."""
    yield from (secret, secret[:8], secret[-8:], secret.encode().hex(), quote(secret, safe=""), secret[::-1])
    for offset in range(3):
        packed = base64.b64encode(b"\0" * offset + secret.encode()).decode().rstrip("=")
        yield packed[offset and offset + 2 : -2]
    yield hashlib.sha256(secret.encode()).hexdigest()


async def test_no_secret_is_in_any_log_metric_or_refusal(stage: Stage) -> None:
    lease_id = await _honest(stage)
    await _everything(stage, lease_id)
    await _hostile(stage)
    await _broken(stage)
    until(lambda: _delivered(stage), "no webhook was tried")
    metrics = (await stage.client.get("/metrics")).text
    stage.server.stop()
    told = (stage.data.parent / "stderr").read_text()
    written = {"log": told, "metrics": metrics, "refusals": "\n".join(stage.refusals)}
    of_postgres = {str(path): path.read_text(errors="replace") for path in stage.data.rglob("*.log")}
    # What was provoked did happen, and is told, by the bank and by its database.
    for event in ('"event":"request"', '"level":"error"', '_bug"', "planted"):
        assert event in told, event
    assert any("planted" in text for text in of_postgres.values())
    written |= of_postgres
    found = [
        (name, where, form)
        for name, secret in stage.secrets.items()
        for form in forms(secret)
        for where, text in written.items()
        if form in text
    ]
    assert not found, "\n".join(f"{name} in {where}: {form!r}" for name, where, form in found)


def _delivered(stage: Stage) -> bool:
    return "numbank_hook_tries_total{" in get(f"http://127.0.0.1:{stage.server.port}/metrics").text


@pytest.mark.unit
@pytest.mark.parametrize("line", [
    f"GET /?api_key={STOLEN} 200", f'{{"text":"x {WORDS}"}}', base64.b64encode(f"ab{STOLEN}".encode()).decode(),
    base64.b64encode(f"{STOLEN} and more".encode()).decode(), STOLEN.encode().hex(), f"key {STOLEN[:8]}...",
])  # fmt: skip
def test_a_secret_in_a_log_would_be_seen(line: str) -> None:
    assert any(form in line for secret in (STOLEN, WORDS) for form in forms(secret))
