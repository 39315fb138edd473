"""The key file: for its owner only, changed without a pause, and never silently the wrong one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import asyncpg
import httpx
import pytest

from numbank import secrets
from numbank.db.pool import Pool
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks import book
from numbank.secrets import KeyFile, WrongSeal
from tests.support import open_bank

URL = "https://hooks.example/in"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "secrets.key"


def test_a_new_file_is_for_its_owner_only_and_is_never_replaced(path: Path) -> None:
    secrets.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = KeyFile.read(path).seal("geheim ü")
    secrets.create(path)
    assert KeyFile.read(path).open(sealed) == "geheim ü"
    assert b"geheim" not in sealed
    assert [one.name for one in path.parent.iterdir()] == ["secrets.key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_file_that_root_makes_belongs_to_whom_the_folder_belongs(path: Path) -> None:
    """`sudo numbank hook add` before the bank's own user sealed anything must not lock the bank out."""
    path.parent.mkdir()
    os.chown(path.parent, 4_711, 4_712)
    secrets.create(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (4_711, 4_712)
    secrets.append_key(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (4_711, 4_712)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_is_changed_without_a_moment_in_which_something_cannot_be_opened(path: Path) -> None:
    secrets.create(path)
    old = KeyFile.read(path)
    first = old.seal("a")
    secrets.append_key(path)
    assert old.stale
    prepared = KeyFile.read(path)
    assert old.open(prepared.seal("b")) == "b", "a prepared key must not seal yet"
    secrets.promote_key(path)
    promoted = KeyFile.read(path)
    assert promoted.open(first) == "a"
    assert prepared.open(promoted.seal("c")) == "c"
    with pytest.raises(WrongSeal):
        old.open(promoted.seal("c"))
    assert secrets.drop_old_keys(path) == 1
    assert KeyFile.read(path).count == 1
    with pytest.raises(WrongSeal):
        KeyFile.read(path).open(first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_seals_already_is_not_replaced_by_an_old_one(path: Path) -> None:
    """A rotation that was cut short is run again: it must not go back to the key that it replaces."""
    secrets.create(path)
    old = KeyFile.read(path)
    secrets.append_key(path)
    secrets.promote_key(path)
    sealed = KeyFile.read(path).seal("a")
    secrets.promote_key(path)
    with pytest.raises(WrongSeal):
        old.open(KeyFile.read(path).seal("b"))
    # The next one that is prepared comes first, and all that were before still open.
    secrets.append_key(path)
    assert KeyFile.read(path).count == 3
    secrets.promote_key(path)
    newest = KeyFile.read(path)
    assert (newest.open(sealed), newest.open(old.seal("c"))) == ("a", "c")
    secrets.promote_key(path)
    assert secrets.drop_old_keys(path) == 2
    assert KeyFile.read(path).open(newest.seal("d")) == "d"


def test_a_file_seals_like_the_one_that_sealed_something(path: Path) -> None:
    secrets.create(path)
    old = KeyFile.read(path)
    secrets.append_key(path)
    behind = KeyFile.read(path)
    secrets.promote_key(path)
    ahead = KeyFile.read(path)
    with pytest.raises(WrongSeal):
        old.open(behind.like(ahead.seal("a")).seal("b"))
    assert old.open(ahead.like(old.seal("a")).seal("b")) == "b"
    assert behind.like(ahead.seal("a")).open(old.seal("b")) == "b", "it opens what it opened"
    with pytest.raises(WrongSeal, match="not the one"):
        old.like(ahead.seal("a"))


def test_the_first_key_is_never_dropped_wherever_it_stands(path: Path) -> None:
    secrets.create(path)
    first = KeyFile.read(path)
    path.write_text(secrets.OLD_KEYS + path.read_text())
    assert secrets.drop_old_keys(path) == 0
    assert KeyFile.read(path).open(first.seal("a")) == "a"


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "holds no key"), ("# only words\n", "holds no key"), ("nonsense\n", "a line that is no key")],
)
def test_a_file_that_is_none(path: Path, content: str, reason: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(OperatorError, match=reason):
        KeyFile.read(path)


def test_a_file_that_others_can_read_is_refused(path: Path) -> None:
    secrets.create(path)
    path.chmod(0o640)
    with pytest.raises(OperatorError, match="chmod 600"):
        KeyFile.read(path)
    with pytest.raises(OperatorError, match="missing"):
        KeyFile.read(path.parent / "nowhere")


async def customer(pool: Pool) -> int:
    async with pool.acquire() as tx, tx.transaction():
        account = await tx.fetchval("insert into account (currency) values (840) returning id")
        await tx.execute("insert into customer (id, name) values ($1, 'x')", account)
        return int(account)


async def test_nothing_is_made_before_there_is_something_to_seal(dsn: str, pool: Pool, path: Path) -> None:
    await pool.execute("delete from seal_check")
    seals = Seals(path)
    assert await seals.trouble(pool) is None
    with pytest.raises(OperatorError):
        await seals.opener(pool)
    assert not os.path.exists(path)  # noqa: ASYNC240  a test may look


async def test_a_node_with_the_wrong_file_is_not_ready_and_seals_nothing(dsn: str, pool: Pool, path: Path) -> None:
    await pool.execute("delete from seal_check")
    async with pool.acquire() as tx, tx.transaction():
        await Seals(path).sealer(tx)
    other = path.with_name("other.key")
    secrets.create(other)
    for file, reason in ((other, "is not the one"), (path.with_name("none.key"), "is missing")):
        async with open_bank(dsn, secrets_file=str(file)) as (app, shop):
            _, key = await shop.customer()
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
            unready = await client.get("/readyz")
            assert unready.status_code == 503
            assert reason in unready.json()["reasons"][0]
            refused = await client.post("/v1/hooks", json={"url": URL}, headers={"X-API-Key": key})
            assert refused.status_code == 503
            assert str(file) not in refused.text
    assert not path.with_name("none.key").exists(), "a second key file would hide that the first is lost"
    async with open_bank(dsn, secrets_file=str(path)) as (app, _):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
        assert (await client.get("/readyz")).status_code == 200


async def test_everything_is_sealed_again_under_a_new_key(dsn: str, pool: Pool, path: Path) -> None:
    await pool.execute("delete from hook; delete from seal_check")
    from numbank.hooks.book import Terms
    from numbank.hooks.url import Rules, parse_ports

    seals = Seals(path)
    terms = Terms(Rules(parse_ports("443")), 3, 60.0)
    account = await customer(pool)
    async with pool.acquire() as tx, tx.transaction():
        hook, secret = await book.add(tx, seals, terms, account, URL)
        hook, newer = await book.rotate(tx, seals, hook.id, overlap_s=60.0)
    secrets.append_key(path)
    secrets.promote_key(path)
    async with pool.acquire() as tx, tx.transaction():
        assert await book.reseal(tx, seals) == 1
    secrets.drop_old_keys(path)
    file = await Seals(path).opener(pool)
    row = await pool.fetchrow("select secret, old_secret from hook where id = $1", hook.id)
    assert row is not None
    assert (file.open(row["secret"]), file.open(row["old_secret"])) == (newer, secret)
    # The long-lived one of a serving bank reads the changed file by itself.
    assert (await seals.opener(pool)).open(row["secret"]) == newer


async def test_two_nodes_that_seal_first_at_once_agree(dsn: str, pool: Pool, path: Path) -> None:
    await pool.execute("delete from hook; delete from seal_check")
    one, two = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    first, second = one.transaction(), two.transaction()
    await first.start()
    await second.start()
    await Seals(path).sealer(one)
    import asyncio

    late = asyncio.create_task(Seals(path.with_name("theirs.key")).sealer(two))
    await asyncio.sleep(0.1)
    await first.commit()
    with pytest.raises(WrongSeal):
        await late
    await second.rollback()
    await one.close()
    await two.close()
