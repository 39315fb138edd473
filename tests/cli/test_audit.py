"""Every command that changes something leaves a row in the audit log; a new command has to be declared here."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import typer

from numbank.cli.main import app as cli
from numbank.customers import audit
from numbank.customers.keys import digest_of
from numbank.policy import denied
from tests.server.live import NUMBANK
from tests.support import Caller, open_bank, push

# What only looks. `serve` and `demo` open the bank, which changes nothing but the schema: that is `bank.migrate`.
READING = {
    "archive show", "audit export", "audit list", "ban list", "code explain", "code name list", "code sender list",
    "code template list", "customer list", "customer show", "demo", "domain list", "domain prices", "explain", "health",
    "hook list", "hook log", "limit show", "mail show", "mail unmatched", "message forwards", "message list",
    "message unmatched", "partner report", "partner users", "policy check", "policy list", "policy region list",
    "product keys", "product list", "product sold", "rank list", "rate list", "rent list", "rent preview", "rent show",
    "rent term list", "retention show", "serve", "settings", "site list", "supplier list", "tier list",
}  # fmt: skip

KEY = "0123456789abcdef0123456789abcdef"
HOOK = "http://127.0.0.1:9/hook"  # nobody listens there

# (command, its words, the act it writes), in an order in which each can do something. A word in braces is a fact.
STORY: list[tuple[str, str, str]] = [
    ("migrate", "", "bank.migrate"),
    ("verify", "", "bank.verify"),
    ("backup", "{backup}", "bank.backup"),
    ("restore", "{backup}", "bank.restore"),
    ("customer add", "acme --balance 12.5", "customer.add"),
    ("customer topup", "{customer} 7.5", "customer.topup"),
    ("customer block", "{customer}", "customer.block"),
    ("customer unblock", "{customer}", "customer.unblock"),
    ("customer deactivate", "{customer}", "customer.deactivate"),
    ("customer activate", "{customer}", "customer.activate"),
    ("customer dialect", "{customer} koala", "customer.dialect"),
    ("customer phone-exception", "{customer} 7918,7919", "customer.phone-exception"),
    ("customer verify", "{customer}", "customer.verify"),
    ("customer unverify", "{customer}", "customer.unverify"),
    ("limit set", "{customer} --live 5 --requests-per-second 100 --leases-per-minute 50", "limit.set"),
    ("cashback on", "{customer}", "cashback.on"),
    ("cashback rate", "{customer} 5%", "cashback.rate"),
    ("cashback off", "{customer}", "cashback.off"),
    ("ban add", "{customer} --reason spam --for 1h", "ban.add"),
    ("ban lift", "{ban}", "ban.lift"),
    ("rank set", "gold --turnover 1000 --discount 5", "rank.set"),
    ("rank remove", "gold", "rank.remove"),
    ("activation refund", "{lease} --reason test", "activation.refund"),
    ("agent add", "bank1", "agent.add"),
    ("agent key", "bank1", "agent.key"),
    ("agent revoke", "{agent_key}", "agent.revoke"),
    ("number add", "--country 0 --operator any {file}", "number.add"),
    ("number offline", "{number}", "number.offline"),
    ("number online", "{number}", "number.online"),
    ("number lost", "{number} --reason test", "number.lost"),
    ("number found", "{gone}", "number.found"),
    ("offer set", "--country 0 --service tg --price 0.2", "offer.set"),
    ("offer terms", "--country 0 --service tg --surcharge 0.1", "offer.terms"),
    ("tier add", "--country 0 --service tg --price 0.3 --count 5", "tier.add"),
    ("tier remove", "--country 0 --service tg --price 0.3", "tier.remove"),
    ("rent term set", "--country 0 --service tg --hours 24 --price 5", "rent.term-set"),
    ("rent term load", "{terms}", "rent.term-load"),
    ("rent term remove", "--country 0 --service tg --hours 24", "rent.term-remove"),
    ("rate set", "EUR 0.92", "rate.set"),
    ("rate load", "{rates}", "rate.load"),
    ("rate remove", "978", "rate.remove"),
    ("supplier off", "bank1", "supplier.off"),
    ("supplier on", "bank1", "supplier.on"),
    ("country set", "0 --hidden", "country.set"),
    ("service add", "zzz9 --name Testing", "service.add"),
    ("service set", "zzz9 --name Tested", "service.set"),
    ("message deliver", "--to {number} --from Service --text hello", "message.deliver"),
    ("code template add", "{pattern} --service tg --country 0", "code.template-add"),
    ("code template remove", "{pattern} --service tg --country 0", "code.template-remove"),
    ("code name add", "Telega --service tg", "code.name-add"),
    ("code name remove", "Telega --service tg", "code.name-remove"),
    ("code sender add", "TGSMS --service tg", "code.sender-add"),
    ("code sender remove", "TGSMS --service tg", "code.sender-remove"),
    ("product add", "antivirus --price 2.5 --manual read", "product.add"),
    ("product set", "{product} --price 3", "product.set"),
    ("product load", "{product} {keys}", "product.load"),
    ("product drop", "{damaged}", "product.drop"),
    ("product off", "{product}", "product.off"),
    ("product on", "{product}", "product.on"),
    ("hook add", f"{{customer}} {HOOK}", "hook.add"),
    ("hook rotate", "{hook}", "hook.rotate"),
    ("hook disable", "{hook}", "hook.disable"),
    ("hook enable", "{hook}", "hook.enable"),
    ("hook replay", "{delivery}", "hook.replay"),
    ("hook test", "{hook}", "hook.test"),
    ("hook remove", "{hook}", "hook.remove"),
    ("secrets rotate", "", "secrets.rotate"),
    ("policy allow", "aaa --reason licensed", "policy.allow"),
    ("policy deny", "aaa --reason over", "policy.deny"),
    ("policy region deny", "BR 10.0.0.0/8", "policy.region-deny"),
    ("policy region allow", "BR", "policy.region-allow"),
    ("policy region remove", "BR 10.0.0.0/8", "policy.region-remove"),
    ("domain add", "mail.example other.example --zone example --popular", "domain.add"),
    ("domain load", "{domains} --zone example", "domain.add"),
    ("domain set", "mail.example --capacity 5 --not-popular", "domain.set"),
    ("domain off", "mail.example", "domain.off"),
    ("domain on", "mail.example", "domain.on"),
    ("domain price", "example 0.1 --site site.example --count 5", "domain.price"),
    ("domain unprice", "example --site site.example", "domain.unprice"),
    ("site deny", "site.example --reason test", "site.deny"),
    ("site allow", "site.example --reason over", "site.allow"),
    ("retention run", "", "retention.run"),
    ("archive run", "--before 2100-01-01", "archive.run"),
    ("key revoke", "--customer {customer}", "key.revoke"),
]


def commands(group: typer.Typer, before: tuple[str, ...] = ()) -> Iterator[str]:
    """All commands as one types them."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield " ".join((*before, command.name or command.callback.__name__.replace("_", "-")))
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from commands(each.typer_instance, (*before, str(each.name)))


@pytest.mark.unit
def test_every_command_is_declared_as_reading_or_names_its_act() -> None:
    changing = {command for command, _, _ in STORY}
    assert changing & READING == set()
    assert set(commands(cli)) == changing | READING


class Told:
    """A bank with somebody in it, and what the story needs to know of it."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.folder = folder
        self.facts: dict[str, Callable[[], Any]] = {
            "customer": lambda: self.one("select min(id) from customer"),
            "ban": lambda: self.one("select max(id) from ban"),
            "lease": lambda: self.one("select min(id) from activation"),
            "number": lambda: self.one("select min(e164) from number where state = 0"),
            "gone": lambda: self.one("select min(e164) from number where state = 4"),
            "agent_key": self._agent_key,
            "file": self._file,
            "terms": lambda: self._sheet("country,service,hours,price", "0,wa,4,1.5", "0,wa,24,3"),
            "rates": lambda: self._sheet("currency,rate", "RUB,91.2", "156,7.1"),
            "domains": self._domains,
            "hook": lambda: self.one("select max(id) from hook"),
            "product": lambda: self.one("select max(id) from product"),
            "keys": self._keys,
            "damaged": lambda: self.one(
                "update licence_key set sealed = 'nonsense' where id = (select min(id) from licence_key) returning id"
            ),
            "backup": lambda: self.folder / "backup",
            "pattern": lambda: "telegacode{code}",
            "delivery": self._delivery,
        }

    def one(self, query: str, *values: object) -> Any:
        """One value of the database."""

        async def fetch() -> Any:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await connection.fetchval(query, *values)
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def _agent_key(self) -> str:
        self.one("insert into agent_key (digest, supplier_id) select $1, id from supplier where name = 'bank1' returning 1",
                 digest_of(KEY))  # fmt: skip
        return KEY

    def _sheet(self, *lines: str) -> Path:
        path = self.folder / f"{lines[0].partition(',')[0]}.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    def _file(self) -> Path:
        path = self.folder / "numbers.txt"
        path.write_text("+79109990001\n+79109990002\n")
        return path

    def _domains(self) -> Path:
        path = self.folder / "domains.txt"
        path.write_text("a.example\nb.example\n")
        return path

    def _keys(self) -> Path:
        path = self.folder / "keys.txt"
        path.write_text("AAAA-1\nAAAA-2\n")
        return path

    def _delivery(self) -> int:
        return int(self.one(
            "insert into delivery (hook_id, account_id, kind, lease_id, message_id, state, created_at, ended_at)"
            " select h.id, h.account_id, 0, m.lease_id, m.id, 2, now(), now() from hook h, message m"
            " where m.lease_id is not null order by h.id desc limit 1 returning id"
        ))  # fmt: skip

    def words(self, text: str) -> list[str]:
        """The words of a command, with facts in place of what stands in braces."""
        return [str(self.facts[word[1:-1]]()) if word[0] == "{" else word for word in text.split()]


@pytest.fixture(scope="module")
def told(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    async def fill() -> None:
        async with open_bank(dsn, early_cancel_s=0) as (app, shop):
            _, key = await shop.customer()
            await shop.numbers(3)
            await shop.offer("tg")
            caller = Caller(app, key)
            lease_id, e164 = await caller.lease()
            await push(app, e164, "Telegram code 48213")
            await caller.get("setStatus", id=lease_id, status=6)

    asyncio.run(fill())
    return Told(dsn, tmp_path_factory.mktemp("audit"))


def rows(dsn: str) -> list[audit.Act]:
    """The whole log."""

    async def fetch() -> list[audit.Act]:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
        try:
            return [one async for one in audit.everything(pool, since=audit_beginning())]
        finally:
            await pool.close()

    return asyncio.run(fetch())


def audit_beginning() -> Any:
    from numbank.cli.audit import BEGINNING

    return BEGINNING


def test_every_command_that_changes_something_leaves_its_row(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBANK_ACTOR", "alice")
    monkeypatch.setenv("NUMBANK_DATA", str(told.folder))
    monkeypatch.setenv("NUMBANK_HOOK_ALLOW", "127.0.0.0/8")
    monkeypatch.setenv("NUMBANK_HOOK_PORTS", "9")
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    wrong = []
    for command, text, act in STORY:
        if command in {"migrate", "restore"}:
            continue  # they need an empty database: shown below, and in tests/backup
        before = len(rows(told.dsn))
        try:
            cli([*command.split(), *told.words(text), "--database-url", told.dsn], standalone_mode=False)
        except Exception as error:
            wrong.append(f"{command}: {type(error).__name__}: {error}")
            continue
        new = rows(told.dsn)[before:]
        if {one.act for one in new} != {act} or {one.actor for one in new} != {"alice"}:
            wrong.append(f"{command}: wrote {[(one.act, one.actor) for one in new]}")
    assert wrong == [], wrong
    everything = "\n".join(msgspec.json.encode(one).decode() for one in rows(told.dsn))
    assert KEY not in everything
    assert "AAAA-" not in everything  # a licence key
    assert "hello" not in everything  # the text of a message is nothing for a log that stays


def test_a_migration_is_an_act(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBANK_ACTOR", "alice")
    for _ in range(2):
        cli(["migrate", "--database-url", empty_dsn], standalone_mode=False)
    assert [(one.act, one.actor) for one in rows(empty_dsn)] == [("bank.migrate", "alice")]
    # The default list of denied services came with it.
    bank = Told(empty_dsn, Path())
    assert bank.one("select count(*) from denied_service where denied") == len(denied.defaults())


def test_the_log_cannot_be_changed_not_even_by_us(told: Told) -> None:
    for statement in ("update audit set actor = 'nobody'", "delete from audit", "truncate audit"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            told.one(statement)


async def test_a_secret_that_somebody_pasted_is_starred(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await audit.write(
            connection, "paste.test", f"customer {KEY}", {"name": KEY.upper(), "url": "whsec_MfKQ9r8GKYqr", "nul": "\0"}
        )
        row = await connection.fetchrow("select subject, details::text from audit where act = 'paste.test'")
    await connection.close()
    assert row is not None
    assert tuple(row) == ("customer ***", '{"nul": "", "url": "***", "name": "***"}')


def test_an_act_that_fails_leaves_no_row(told: Told) -> None:
    before = len(rows(told.dsn))
    done = subprocess.run(
        [NUMBANK, "customer", "topup", "99999", "5", "--database-url", told.dsn],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert len(rows(told.dsn)) == before


def ran(*words: str) -> str:
    return subprocess.run([NUMBANK, *words], capture_output=True, check=True, text=True).stdout


def test_the_log_is_listed_and_exported(told: Told) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(told.dsn)
        async with connection.transaction():
            for turn in range(3):
                await audit.write(connection, "test.many", f"thing {turn}", {"turn": turn})
            await audit.write(connection, "testing.other", "thing", {})
        await connection.execute(
            "insert into audit (at, actor, act, subject) values ('2020-01-01', 'bob', 'test.old', 'thing')"
        )
        await connection.close()

    asyncio.run(fill())
    where = ("--database-url", told.dsn)
    listed = msgspec.json.decode(ran("audit", "list", "--act", "test", "--since", "1h", "--json", *where))
    assert [one["subject"] for one in listed] == ["thing 2", "thing 1", "thing 0"]
    assert listed[0]["details"] == {"turn": 2}
    assert len(msgspec.json.decode(ran("audit", "list", "--act", "test.many", "--limit", "2", "--json", *where))) == 2
    old = msgspec.json.decode(ran("audit", "list", "--since", "2020-01-01", "--act", "test.old", "--json", *where))
    assert [(one["actor"], one["at"]) for one in old] == [("bob", "2020-01-01T00:00:00Z")]
    assert "thing 1" in ran("audit", "list", *where)
    lines = [msgspec.json.decode(line) for line in ran("audit", "export", *where).splitlines()]
    assert [one["id"] for one in lines] == sorted(one["id"] for one in lines)
    assert {"test.many", "testing.other", "test.old"} <= {one["act"] for one in lines}
    since = ran("audit", "export", "--since", "1d", *where)
    assert "test.old" not in since
    assert "test.many" in since


def test_a_time_that_is_none_is_said_in_one_line(told: Told) -> None:
    done = subprocess.run(
        [NUMBANK, "audit", "list", "--since", "yesterday", "--database-url", told.dsn],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "is no time" in done.stderr


def test_a_span_may_be_longer_than_there_are_dates(told: Told) -> None:
    assert "customer.add" in ran("audit", "list", "--since", "999999w", "--limit", "100000", "--database-url", told.dsn)


def test_a_reader_that_goes_away_ends_the_export_without_a_word(told: Told) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(told.dsn)
        for turn in range(20):
            await audit.write(connection, "test.long", f"thing {turn}", {"text": "x" * 2_000})
        await connection.close()

    asyncio.run(fill())
    with subprocess.Popen(
        [NUMBANK, "audit", "export", "--database-url", told.dsn],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as going:  # fmt: skip
        assert going.stdout is not None
        assert going.stderr is not None
        going.stdout.close()
        assert going.stderr.read() == ""
    assert going.returncode == 141


@pytest.mark.unit
def test_the_actor_is_who_a_panel_names_or_the_user_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "node1")
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    for named, sudo, expected in (
        ("", "", "root@node1"), ("", "root", "root@node1"), ("", "alice", "alice as root@node1"),
        ("panel: bob", "alice", "panel: bob"),
    ):  # fmt: skip
        monkeypatch.setenv("NUMBANK_ACTOR", named)
        monkeypatch.setenv("SUDO_USER", sudo)
        assert audit.actor() == expected
