"""Bringing a cluster to life: adopt the postmaster that lives on the folder, or start one and wait until it answers."""

import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from numbank.db.pg_account import Account
from numbank.db.pg_cluster import DATABASE, ROLE, Folder, check_sockets, open_sockets
from numbank.db.pg_errors import AlreadyServed, EmbeddedError, StartFailed
from numbank.db.pg_process import Postmaster, accepts, ask, drop_old_logs, orphans, tail
from numbank.db.pg_wait import Say, is_gone, wait_until

ORPHANS_GRACE_S = 3.0


def adopt(folder: Folder, say: Say) -> psutil.Process | None:
    """Return the postmaster that lives on this folder once it answers; wait for one that is on its way out."""
    while (found := Postmaster.read(folder)) is not None:
        process = found.process(folder)
        if process is None:
            if accepts(folder) != 2:
                raise AlreadyServed(
                    f"{folder.data} is served by a PostgreSQL that was started elsewhere (in another container, or"
                    " before the folder was moved): stop that one first"
                )
            return None
        if found.status == "stopping":
            _wait_for_end(process, say)
        elif _answers(process, folder, say):
            return process
    return None


def _wait_for_end(process: psutil.Process, say: Say) -> None:
    text = f"waiting for the old PostgreSQL (pid {process.pid}) to finish its shutdown"
    wait_until(lambda: is_gone(process), say, lambda: text)


def _answers(process: psutil.Process, folder: Folder, say: Say) -> bool:
    wait_until(
        lambda: is_gone(process) or accepts(folder) == 0,
        say,
        lambda: f"waiting for the PostgreSQL that runs already (pid {process.pid}): {_last_line(folder)}",
    )
    return not is_gone(process)


def launch(folder: Folder, account: Account, argv: list[str | Path], say: Say) -> subprocess.Popen[bytes]:
    """Start PostgreSQL and wait until it answers, through crash recovery if need be."""
    stale = Postmaster.read(folder)
    if stale is not None:
        _end_orphans(folder, say)
    drop_old_logs(folder, account.uid)
    open_sockets(folder, account)
    # PostgreSQL refuses when the pid in its stale file lives, whoever that is now. We know that it is not a postmaster;
    # this variable says so. The file stays: it names the shared memory by which PostgreSQL notices live orphans.
    env = {} if stale is None else {"PG_GRANDPARENT_PID": str(stale.pid)}
    with tempfile.TemporaryFile() as early:
        # Its own session: Ctrl-C is for the supervisor, which drains the bank first.
        child = account.popen(argv, early, env=env, new_session=True)

        def answers() -> bool:
            now = Postmaster.read(folder)
            return now is not None and now == (child.pid, "ready") and accepts(folder) == 0

        try:
            wait_until(
                lambda: child.poll() is not None or answers(),
                say,
                lambda: f"waiting for PostgreSQL: {_last_line(folder)}",
            )
            _refuse_dead(child, folder, early)
            prepare(folder)
        except BaseException:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                child.wait()
            raise
    return child


def _refuse_dead(child: subprocess.Popen[bytes], folder: Folder, early: IO[bytes]) -> None:
    if child.returncode is not None:
        lines = "\n".join(tail(folder, early))
        raise StartFailed(f"PostgreSQL ended while it started (exit {child.returncode}); its log says:\n{lines}")


def _end_orphans(folder: Folder, say: Say) -> None:
    """Wait for processes that outlived their killed postmaster; one that still computes is told to leave.

    SIGQUIT makes them leave at once and write nothing; the recovery that follows counts on no more than the WAL.
    """
    deadline = time.monotonic() + ORPHANS_GRACE_S
    while left := orphans(folder):
        if time.monotonic() >= deadline:
            say(f"ending processes of a PostgreSQL that was killed: {', '.join(str(each.pid) for each in left)}")
            for each in left:
                with suppress(psutil.NoSuchProcess):  # it left by itself just now
                    each.send_signal(signal.SIGQUIT)
            psutil.wait_procs(left, timeout=ORPHANS_GRACE_S)
        time.sleep(0.02)


def check_identity(folder: Folder) -> None:
    """Make sure that the server behind the socket has this folder's cluster, and not one that was moved or copied."""
    check_sockets(folder)
    theirs = ask(folder, "select current_setting('data_directory')")
    if Path(theirs).resolve() != folder.cluster:
        raise EmbeddedError(
            f"the socket in {folder.sockets} is answered by the PostgreSQL of {theirs}: stop that first"
        )


def prepare(folder: Folder) -> None:
    """Check who answers, and make the role and the database of the bank unless they are there."""
    check_identity(folder)
    if ask(folder, f"select 1 from pg_database where datname = '{DATABASE}'"):  # noqa: S608  a constant
        return
    word = folder.password.read_text("ascii").strip().rpartition(":")[2]
    ask(
        folder,
        f"select 'create role {ROLE} login createdb password ''{word}''' "  # noqa: S608  constants and hex digits
        f"where not exists (select from pg_roles where rolname = '{ROLE}') \\gexec\n"
        f"grant pg_monitor to {ROLE};\n"
        f"create database {DATABASE} owner {ROLE};\n",
    )


def _last_line(folder: Folder) -> str:
    return (tail(folder) or ["no word in its log yet"])[-1]
