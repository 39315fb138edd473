"""The folder of a cluster: where its parts are, how it is made, and the address that its clients use.

DATA/               the operator's; never chmod-ed or chown-ed
  serve.lock        held by the one supervisor (embedded.py)
  pg/               0700, owned by the user who runs PostgreSQL; all that is below can be read by no other user
    cluster/        PGDATA
    log/            one file per weekday
    sock/           the socket (if the path is long or has a comma: /tmp/numbank-DIGEST)
    password        0600, a libpq password file; the address names it, so that the address itself is no secret
"""

import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import psutil

from numbank.db import ending
from numbank.db.pg_account import Account
from numbank.db.pg_binaries import MAJOR, binaries
from numbank.db.pg_errors import NotPermitted, StartFailed, WrongVersion
from numbank.db.pg_wait import Say, wait_until

PORT = 5432
SUPERUSER = "postgres"
# The bank itself is no superuser: whoever gets SQL past it must not get a shell (COPY ... PROGRAM) with it.
ROLE = DATABASE = "numbank"
# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
LONGEST_SOCKET = 103
SOCKETS = "sock"
STAGING = "pg.new-"


class Folder(NamedTuple):
    """The places of one data folder. Make it with `at`, which resolves links: the digest must not depend on the way."""

    data: Path

    @classmethod
    def at(cls, data_dir: Path) -> "Folder":
        """Return the places of this data folder, existing or not."""
        return cls(data_dir.expanduser().resolve())

    @property
    def home(self) -> Path:
        """Everything of PostgreSQL."""
        return self.data / "pg"

    @property
    def cluster(self) -> Path:
        """What PostgreSQL calls its data directory."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """The log files."""
        return self.home / "log"

    @property
    def password(self) -> Path:
        """The libpq password file."""
        return self.home / "password"

    @property
    def digest(self) -> str:
        """A short name for this folder."""
        return hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]

    @property
    def cluster_name(self) -> str:
        """What `ps` shows in the title of every process of this cluster."""
        return f"numbank-{self.digest}"

    @property
    def sockets(self) -> Path:
        """The folder of the socket. Not TMPDIR, not XDG_RUNTIME_DIR: another shell must come to the same answer."""
        near = self.home / SOCKETS
        # libpq takes a comma for the end of a host name and knows no way to quote it.
        fits = len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET and "," not in str(near)
        return near if fits else Path("/tmp") / f"numbank-{self.digest}"  # noqa: S108  guarded by `open_sockets`

    def dsn(self, user: str = ROLE, database: str = DATABASE) -> str:
        """Return the address that libpq and asyncpg understand."""
        where = {"host": str(self.sockets), "port": PORT, "passfile": str(self.password)}
        return f"postgresql://{user}@/{database}?{urlencode(where, quote_via=quote, safe='/')}"


def check_version(folder: Folder) -> None:
    """Refuse a cluster of another major version, with the command that converts it."""
    version = folder.cluster / "PG_VERSION"
    if not version.is_file():
        raise StartFailed(
            f"{folder.home} holds no cluster of PostgreSQL: move it away, or restore cluster/ and password"
        )
    found = version.read_text("ascii").strip()
    if found != str(MAJOR):
        ours = binaries()
        raise WrongVersion(
            f"{folder.cluster} was made by PostgreSQL {found}, this numbank brings {MAJOR}: as its owner make NEW with"
            f" `{ours}/initdb -U {SUPERUSER} NEW`, run `PGPASSFILE={folder.password} {ours}/pg_upgrade -U {SUPERUSER}"
            f" -b BINARIES_OF_{found} -B {ours} -d {folder.cluster} -D NEW`, and put NEW in its place, with"
            " the old pg_hba.conf"
        )


def create(folder: Folder, account: Account, say: Say, *, durable: bool) -> None:
    """Make the cluster in a staging folder and move it into place as a whole, so that half a cluster is never found."""
    _clear_leftovers(folder, say)
    say(f"creating the database in {folder.home}")
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder.data))
    # By handle, not by path: the data folder may be an ordinary user's, who could swap the staging folder under root.
    handle = os.open(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        word = secrets.token_hex(24)
        _write_secret(handle, "first-password", word)
        _write_secret(handle, folder.password.name, f"*:*:*:*:{word}\n")
        for part in (folder.log, folder.home / SOCKETS):
            os.mkdir(part.name, 0o700, dir_fd=handle)
        account.own(handle)
        _initdb(staging / folder.cluster.name, staging / "first-password", account, durable=durable)
        os.unlink("first-password", dir_fd=handle)
        if durable:
            os.fsync(handle)
        staging.rename(folder.home)
        if durable:
            _sync(folder.data)
    except BaseException:
        if staging.exists():
            shutil.rmtree(staging)
        raise
    finally:
        os.close(handle)


def _clear_leftovers(folder: Folder, say: Say) -> None:
    """Remove what a supervisor left that was killed in `create`; its initdb may still be at work there."""
    for leftover in folder.data.glob(f"{STAGING}*"):

        def idle(path: str = str(leftover)) -> bool:
            return not any(path in " ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"]))

        wait_until(idle, say, lambda: f"waiting for an initdb that was left alone in {folder.data}")
        shutil.rmtree(leftover)


def _initdb(cluster: Path, password: Path, account: Account, *, durable: bool) -> None:
    command: list[str | Path] = [binaries() / "initdb", "--pgdata", cluster, "--username", SUPERUSER]
    command += ["--pwfile", password, "--auth", "scram-sha-256", "--no-instructions"]
    # The builtin provider sorts the same on every system, whatever its C library.
    command += ["--encoding", "UTF8", "--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    if not durable:
        command.append("--no-sync")
    with account.popen(command, subprocess.PIPE) as initdb:
        try:
            said = initdb.communicate()[0].decode(errors="replace").strip()
        except BaseException:
            initdb.terminate()
            initdb.wait()  # it still removes what it made
            raise
    ending.obey()  # Ctrl-C reaches initdb too: its complaint would be no news
    if initdb.returncode:
        complaints = [line for line in said.splitlines() if "error" in line] or said.splitlines()[-1:]
        raise StartFailed(f"initdb could not make {cluster}: {' '.join(complaints)}")


def open_sockets(folder: Folder, account: Account) -> None:
    """Make the socket's folder when it is the one under /tmp."""
    sockets = folder.sockets
    if sockets.parent == folder.home:
        return
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        check_sockets(folder)
    else:
        if account.switch:
            os.chown(sockets, account.uid, account.gid, follow_symlinks=False)


def check_sockets(folder: Folder) -> None:
    """Refuse a socket's folder that somebody else put under /tmp: a false server there would be told the password."""
    if folder.sockets.parent == folder.home:
        return
    status, owner = folder.sockets.lstat(), folder.home.stat().st_uid
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise NotPermitted(
            f"{folder.sockets} is not a private folder of the owner of {folder.home}: remove it, or use a shorter path"
        )


def close_sockets(folder: Folder) -> None:
    """Remove the socket's folder under /tmp, unless a PostgreSQL that was killed left its socket there."""
    sockets = folder.sockets
    if sockets.parent != folder.home and sockets.exists() and not any(sockets.iterdir()):
        sockets.rmdir()


def _write_secret(folder: int, name: str, text: str) -> None:
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    with open(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
