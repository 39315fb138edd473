"""`numbank backup` beside a bank that serves, and `numbank restore`: what was acked before is in it, and it verifies."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
import pytest

from numbank.backup import dump
from numbank.backup import manifest as book
from numbank.backup.folder import UNFINISHED
from numbank.backup.manifest import DUMP, NAME
from numbank.db import archive
from numbank.db.unfinished import FOLDER
from numbank.errors import OperatorError
from tests.db.test_archive import acts, archive_all
from tests.server.live import NUMBANK, command
from tests.support import Caller, Shop, open_bank, push, until

SETTINGS = """
select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
where d.datname = current_database()"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a service user may enter."""
    made = Path(tempfile.mkdtemp(prefix="numbank-backup-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def refused(*words: str | Path) -> str:
    """The last line of a command that must fail; it is one of ours, and no traceback."""
    done = command(*words, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("numbank: "), done.stderr
    return last


def started(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([NUMBANK, *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def reached(condition: Callable[[], Any], going: subprocess.Popen[str]) -> None:
    """Wait for a moment in the life of a command."""
    deadline = time.monotonic() + 60
    while not condition():
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.005)


def killed(going: subprocess.Popen[str], program: str) -> None:
    """kill -9 of a command, and of the program that it runs."""
    victims = [child for child in psutil.Process(going.pid).children(recursive=True) if child.name() == program]
    going.kill()
    going.wait()
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
            victim.wait(20)


async def fetch(dsn: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


def asked(dsn: str, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in asyncio.run(fetch(dsn, query))]


@pytest.fixture(scope="module")
def small(template: str, dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a bank with something of everything that counts here."""

    async def fill() -> None:
        async with open_bank(dsn, early_cancel_s=0) as (app, shop):
            _, key = await shop.customer()
            await shop.numbers(5)
            await shop.offer("tg")
            caller = Caller(app, key)
            for turn in range(3):
                _, e164 = await caller.lease()
                await push(app, e164, f"Telegram code 4821{turn}")

    asyncio.run(fill())
    made = tmp_path_factory.mktemp("backups") / "small"
    command("backup", made, "--database-url", dsn)
    return made


class Load:
    """Customers who lease, read and cancel; remembers what was acked and when."""

    def __init__(self, app: Any, keys: list[str]) -> None:
        self.callers = [Caller(app, key) for key in keys]
        self.app = app
        self.leases: list[int] = []
        self.messages: list[str] = []
        self.stopped = False
        self._codes = count(100_000)

    async def customer(self, caller: Caller) -> None:
        turn = 0
        while not self.stopped:
            turn += 1
            lease_id, e164 = await caller.lease()
            self.leases.append(lease_id)
            if turn % 3:
                text = f"Telegram code {next(self._codes)}"
                await push(self.app, e164, text, message_id=text)
                self.messages.append(text)
                await caller.get("setStatus", id=lease_id, status=6)
            else:
                await caller.get("setStatus", id=lease_id, status=8)

    def start(self) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.customer(caller)) for caller in self.callers]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 3])
async def test_a_backup_taken_under_load_has_all_that_was_acked_before_and_verifies(
    own_dsn: str, empty_dsn: str, folder: Path, jobs: int
) -> None:
    async with open_bank(own_dsn, early_cancel_s=0, sweep_every_s=0.05) as (app, shop):
        keys = [(await shop.customer())[1] for _ in range(4)]
        await shop.numbers(1_500)
        await shop.offer("tg")
        load = Load(app, keys)
        tasks = load.start()

        async def warm() -> bool:
            return len(load.leases) >= 50

        await until(warm)
        leases, messages = list(load.leases), list(load.messages)
        going = await asyncio.create_subprocess_exec(
            NUMBANK, "backup", str(folder / "b"), "--database-url", own_dsn, "--jobs", str(jobs), "--json",
            stdout=subprocess.PIPE,
        )  # fmt: skip
        said, _ = await going.communicate()
        meanwhile = len(load.leases) - len(leases)
        load.stopped = True
        await asyncio.gather(*tasks)
    assert going.returncode == 0
    assert meanwhile > 20, "nobody was served while the backup was taken"
    told = msgspec.json.decode(said)
    assert (told["folder"], told["key_file"]) == (str(folder / "b"), None)
    done = await asyncio.to_thread(
        command, "restore", folder / "b", "--database-url", empty_dsn, "--jobs", str(jobs), "--json"
    )
    proved = msgspec.json.decode(done.stdout)
    assert proved["clean"]
    assert {check["differences"] for check in proved["checks"]} == {0}
    there = {row[0] for row in await fetch(empty_dsn, "select id from activation")}
    assert set(leases) <= there
    texts = {row[0] for row in await fetch(empty_dsn, "select text from message")}
    assert set(messages) <= texts
    # It serves, and gives no id again that was given after the backup.
    async with open_bank(empty_dsn, early_cancel_s=0) as (app, _):
        lease_id, _ = await Caller(app, keys[0]).lease()
        assert lease_id > max(load.leases)
    acts = [row[0] for row in await fetch(empty_dsn, "select act from audit order by id")]
    assert acts[-1] == "bank.restore"


def test_a_backup_and_a_restore_say_what_they_do(small: Path, dsn: str, empty_dsn: str, folder: Path) -> None:
    made = command("backup", folder / "b", "--database-url", dsn)
    assert "writing: " in made.stderr
    assert "not in it, keep apart: the settings" in made.stdout
    assert {path.name for path in (folder / "b").iterdir()} == {DUMP, NAME}
    assert {path.stat().st_mode & 0o077 for path in (folder / "b", *(folder / "b" / DUMP).iterdir())} == {0}
    assert "it is whole" in command("restore", folder / "b", "--check").stdout
    done = command("restore", small, "--database-url", empty_dsn, "--skip-ids", "0")
    assert "0 differences" in done.stdout
    assert "verifying" in done.stderr
    [[last]] = asked(dsn, "select last_value from lease_id")
    assert asked(empty_dsn, "select last_value from lease_id") == [(last,)]  # an exact copy was asked for
    assert asked(dsn, "select act from audit order by id desc limit 1") == [("bank.backup",)]


def test_what_the_role_was_given_for_its_database_comes_back(own_dsn: str, empty_dsn: str, folder: Path) -> None:
    # As the first migration does it; a copy of the template has none of them.
    given = {"idle_in_transaction_session_timeout": "'2s'", "lock_timeout": "'1s'", "search_path": '"$user", public'}
    for name, value in given.items():
        [[database]] = asked(own_dsn, "select quote_ident(current_database())")
        asked(own_dsn, f"alter role current_user in database {database} set {name} = {value}")
    command("backup", folder / "b", "--database-url", own_dsn)
    command("restore", folder / "b", "--database-url", empty_dsn)
    [[before]], [[after]] = asked(own_dsn, SETTINGS), asked(empty_dsn, SETTINGS)
    assert sorted(before) == sorted(after)
    assert "idle_in_transaction_session_timeout=2s" in after


def test_a_backup_never_overwrites(small: Path, dsn: str) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in small.rglob("*"))
    assert "never overwrites" in refused("backup", small, "--database-url", dsn)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in small.rglob("*")) == before


def test_a_restore_never_overwrites(small: Path, own_dsn: str) -> None:
    assert "not empty" in refused("restore", small, "--database-url", own_dsn)
    assert asked(own_dsn, "select count(*) from account") == [(0,)]


def test_what_is_no_bank_is_not_backed_up(empty_dsn: str, folder: Path) -> None:
    assert "there is no bank in this database" in refused("backup", folder / "b", "--database-url", empty_dsn)
    assert list(folder.iterdir()) == []


def _cut(backup: Path) -> None:
    path = max((backup / DUMP).glob("*.dat.gz"), key=lambda one: one.stat().st_size)
    os.truncate(path, path.stat().st_size - 1)


def _flip(backup: Path) -> None:
    path = max((backup / DUMP).glob("*.dat.gz"), key=lambda one: one.stat().st_size)
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)


def _lose(backup: Path) -> None:
    next((backup / DUMP).glob("*.dat.gz")).unlink()


def _add(backup: Path) -> None:
    (backup / DUMP / "stranger.dat").write_text("x")


def _unmark(backup: Path) -> None:
    (backup / NAME).unlink()


def _garble(backup: Path) -> None:
    (backup / NAME).write_text((backup / NAME).read_text()[:-20])


def _alter(backup: Path) -> None:
    there = msgspec.json.decode((backup / NAME).read_bytes())
    there["rows"]["public.entry"] += 1
    (backup / NAME).write_bytes(msgspec.json.encode(there))
    assert "its checksum differs" in refused("restore", backup, "--check")


def _forge(backup: Path, rows: dict[str, int] | None = None, **changes: Any) -> None:
    """Make the manifest say something else, with a checksum that fits."""
    manifest = book.decode((backup / NAME).read_bytes())
    changed = msgspec.structs.replace(manifest, rows=manifest.rows | (rows or {}), **changes)
    (backup / NAME).write_bytes(book.encode(changed))


def _age(backup: Path) -> None:
    _forge(backup, oldest_code=9_999)


def _ahead(backup: Path) -> None:
    _forge(backup, server=99)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_cut, "bytes, expected"), (_flip, "checksum"), (_lose, "is missing"), (_add, "does not belong"),
        (_unmark, "is no backup of numbank"), (_garble, "manifest.json of the backup is damaged"),
        (_alter, "manifest.json of the backup is damaged: its checksum differs"),
        (_age, "install a newer numbank"), (_ahead, "the backup is of PostgreSQL 99"),
    ],
)  # fmt: skip
def test_a_backup_that_is_damaged_or_not_for_us_restores_nothing(
    small: Path, empty_dsn: str, folder: Path, harm: Callable[[Path], None], why: str
) -> None:
    shutil.copytree(small, folder / "b")
    harm(folder / "b")
    assert why in refused("restore", folder / "b", "--database-url", empty_dsn)
    assert asked(empty_dsn, "select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def test_rows_that_are_not_those_of_the_manifest_are_said_and_nothing_is_given_free(
    small: Path, empty_dsn: str, folder: Path
) -> None:
    shutil.copytree(small, folder / "b")
    _forge(folder / "b", rows={"public.entry": 1_000_000})
    assert "public.entry has" in refused("restore", folder / "b", "--database-url", empty_dsn)
    assert "not finished" in refused("customer", "list", "--database-url", empty_dsn)


@pytest.mark.slow
def test_a_restore_into_a_data_folder_that_fails_late_leaves_its_mark_and_nothing_else(
    small: Path, folder: Path
) -> None:
    shutil.copytree(small, folder / "b")
    _forge(folder / "b", rows={"public.entry": 1_000_000})
    data = folder / "bank"
    assert "public.entry has" in refused("restore", folder / "b", "--data", data)
    assert list((data / FOLDER).iterdir()) == []
    for words in (("serve", "--listen", "127.0.0.1:9"), ("migrate",), ("customer", "list")):
        refused(*words, "--data", data)
    assert "is not finished" in refused("serve", "--listen", "127.0.0.1:9", "--data", data)
    assert not (data / "pg").exists()
    command("restore", small, "--data", data)
    assert not (data / FOLDER).exists()


def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(dsn: str, small: Path, folder: Path) -> None:
    async def held() -> subprocess.Popen[str]:
        """A backup whose pg_dump waits for a table that somebody holds."""
        connection = await asyncpg.connect(dsn)
        async with connection.transaction():
            await connection.execute("lock table customer in access exclusive mode")
            going = started("backup", folder / "b", "--database-url", dsn)
            await asyncio.to_thread(reached, (folder / f"b{UNFINISHED}" / "lock").exists, going)
            await asyncio.to_thread(
                reached, lambda: [one for one in psutil.Process(going.pid).children() if one.name() == "pg_dump"], going
            )
            # Nobody else writes to the same name meanwhile.
            assert "another backup" in await asyncio.to_thread(refused, "backup", folder / "b", "--database-url", dsn)
            await asyncio.to_thread(killed, going, "pg_dump")
        await connection.close()
        return going

    assert asyncio.run(held()).returncode == -signal.SIGKILL
    assert not (folder / "b").exists()
    assert "never finished" in refused("restore", folder / f"b{UNFINISHED}", "--check")
    again = command("backup", folder / "b", "--database-url", dsn)
    assert "which a backup left that was cut short" in again.stderr
    assert [path.name for path in folder.iterdir()] == ["b"]
    command("restore", folder / "b", "--check")


def test_a_backup_that_is_told_to_end_tidies_up(dsn: str, folder: Path) -> None:
    async def held() -> subprocess.Popen[str]:
        connection = await asyncpg.connect(dsn)
        async with connection.transaction():
            await connection.execute("lock table customer in access exclusive mode")
            going = started("backup", folder / "b", "--database-url", dsn)
            await asyncio.to_thread(reached, (folder / f"b{UNFINISHED}" / "lock").exists, going)
            going.terminate()
            await asyncio.to_thread(going.communicate)
        await connection.close()
        return going

    assert asyncio.run(held()).returncode == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []


def test_a_full_disk_ends_a_backup_in_one_line_and_leaves_nothing(dsn: str, small: Path, folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("no right to mount a tmpfs: the full disk was NOT tried")
    try:
        last = refused("backup", disk / "b", "--database-url", dsn)
        assert "No space left on device" in last, last
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_restore_that_is_killed_is_not_served_and_starts_over(small: Path, empty_dsn: str) -> None:
    going = started("restore", small, "--database-url", empty_dsn)
    reached(lambda: asked(empty_dsn, "select to_regclass('restoring')::text") != [(None,)], going)
    killed(going, "pg_restore")
    for words in (("migrate",), ("verify",), ("serve", "--listen", "127.0.0.1:9")):
        assert "not finished" in refused(*words, "--database-url", empty_dsn), words
    again = command("restore", small, "--database-url", empty_dsn)
    assert "cut short" in again.stderr
    assert "0 differences" in again.stdout
    command("verify", "--database-url", empty_dsn)


@pytest.mark.slow
def test_a_restore_into_a_data_folder_is_there_as_a_whole_or_not_at_all(small: Path, folder: Path) -> None:
    data = folder / "bank"
    going = started("restore", small, "--data", data)
    reached((data / FOLDER / "pg" / "cluster" / "postmaster.pid").exists, going)
    killed(going, "pg_restore")
    assert not (data / "pg").exists()
    assert "is not finished" in refused("serve", "--listen", "127.0.0.1:9", "--data", data)
    again = command("restore", small, "--data", data)
    assert "which a restore left that was cut short" in again.stderr
    assert {path.name for path in data.iterdir()} == {"pg", "serve.lock"}
    assert "0 differences" in command("verify", "--data", data).stdout
    assert "never overwrites" in refused("restore", small, "--data", data)
    assert "acme" not in command("customer", "list", "--data", data).stdout
    left = [one for one in psutil.process_iter(["cmdline"]) if str(data) in " ".join(one.info["cmdline"] or [])]
    assert left == []


def test_the_key_file_is_not_in_a_backup_and_is_asked_for(own_dsn: str, empty_dsn: str, folder: Path) -> None:
    key_file = folder / "secrets.key"

    async def fill() -> None:
        connection = await asyncpg.connect(own_dsn)
        await Shop(connection).customer()
        await connection.close()

    asyncio.run(fill())
    keys = folder / "keys.txt"
    keys.write_text("AAAA-1\n")
    command(
        "product", "add", "antivirus", "--price", "2", "--database-url", own_dsn, NUMBANK_SECRETS_FILE=str(key_file)
    )
    command("product", "load", "1", keys, "--database-url", own_dsn, NUMBANK_SECRETS_FILE=str(key_file))
    made = command("backup", folder / "b", "--database-url", own_dsn, NUMBANK_SECRETS_FILE=str(key_file))
    assert f"the key file {key_file}" in made.stdout
    secret = key_file.read_text().splitlines()[-1]
    everything = b"".join(path.read_bytes() for path in (folder / "b").rglob("*") if path.is_file())
    assert secret.encode() not in everything
    done = command(
        "restore", folder / "b", "--database-url", empty_dsn, NUMBANK_SECRETS_FILE=str(folder / "elsewhere.key")
    )
    assert "secrets in it stay closed: the key file" in done.stderr
    assert "elsewhere.key is missing" in done.stderr
    command("product", "list", "--database-url", empty_dsn, NUMBANK_SECRETS_FILE=str(key_file))


async def test_an_archiver_changes_no_part_once_a_backup_has_begun(
    own_dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "TRIES", 1)
    monkeypatch.setattr(archive, "PAUSE_S", 0.0)
    archiver = await asyncpg.connect(own_dsn)
    await acts(archiver)
    tell = dump._dump_and_count

    async def archived_first(*words: Any) -> dict[str, int]:
        with pytest.raises(OperatorError, match="a backup"):
            await archive_all(archiver)
        return await tell(*words)

    monkeypatch.setattr(dump, "_dump_and_count", archived_first)
    made = await dump.back_up(dump.Wish(own_dsn, folder / "b"), lambda _: None, lambda _: None)
    assert made.manifest.rows["public.audit"] == 3
    assert (await archive_all(archiver))["audit_1"].rows == 3
    await archiver.close()
