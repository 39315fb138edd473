"""The processes of a cluster: who is alive on a folder, how PostgreSQL is started and asked, what its log says last."""

import os
import stat
import subprocess
import time
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from numbank.db.pg_binaries import binaries, environment
from numbank.db.pg_cluster import PORT, SUPERUSER, Folder
from numbank.db.pg_errors import StartFailed

KEEP_LOGS_S = 6 * 86_400
TAIL_LINES = 6


class Postmaster(NamedTuple):
    """What postmaster.pid says; it may be a lie left over from a crash."""

    pid: int
    status: str

    @classmethod
    def read(cls, folder: Folder) -> "Postmaster | None":
        """Return what the file says, None when there is none or PostgreSQL is just writing it."""
        try:
            lines = (folder.cluster / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return None
        if not lines or not lines[0].isdigit():
            return None
        return cls(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting")

    def process(self, folder: Folder) -> psutil.Process | None:
        """Return the process if it is `postgres -D <this folder>`; pids are reused, above all after a reboot."""
        try:
            process = psutil.Process(self.pid)
            argv = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, a zombie, or somebody else's: not ours
            return None
        if not argv or Path(argv[0]).name != "postgres" or "-D" not in argv[:-1]:
            return None
        return process if Path(argv[argv.index("-D") + 1]).resolve() == folder.cluster else None


def orphans(folder: Folder) -> list[psutil.Process]:
    """Return processes of this cluster, by their titles; without a postmaster they still hold its shared memory."""
    title = f"postgres: {folder.cluster_name}: "
    return [each for each in psutil.process_iter(["cmdline"]) if " ".join(each.info["cmdline"] or []).startswith(title)]


def command(folder: Folder, *, shared_buffers: str, durable: bool) -> list[str | Path]:
    """Return the command that starts PostgreSQL. All settings stand here, so an update of numbank updates them too."""
    sockets = str(folder.sockets).replace('"', '""')
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "port": PORT,
        "cluster_name": folder.cluster_name,
        "max_connections": 200,
        "shared_buffers": shared_buffers,
        "max_wal_size": "2GB",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "jit": "off",
        # A file per weekday, emptied when its day comes again. Rotation by size would go on in the same file, which
        # is never emptied by size; what a flood could fill it with is kept short instead: terse, without statements
        # (that also keeps what users typed out of the log).
        "logging_collector": "on",
        "log_directory": folder.log,
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": 0,
        "log_truncate_on_rotation": "on",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }
    options = [f"{name}={value}" for name, value in settings.items()]
    return [binaries() / "postgres", "-D", folder.cluster, *(word for option in options for word in ("-c", option))]


def accepts(folder: Folder) -> int:
    """Return what pg_isready says: 0 accepts connections, 1 rejects them (starts or stops), 2 does not answer."""
    probe = [str(binaries() / "pg_isready"), "--quiet", "--host", str(folder.sockets), "--port", str(PORT)]
    return subprocess.run(probe, env=environment(), check=False).returncode


def ask(folder: Folder, sql: str) -> str:
    """Run statements as superuser and return what they print; the SQL goes by stdin, for it may hold a password."""
    psql: list[str] = [
        str(binaries() / "psql"),
        "-XqAtw",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        folder.dsn(SUPERUSER, "postgres"),
    ]
    done = subprocess.run(psql, input=sql, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        raise StartFailed(f"PostgreSQL on {folder.data} refused: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


def tail(folder: Folder, early: IO[bytes] | None = None) -> list[str]:
    """Return the last lines of the log, and of what was said `early`, before the log was open."""
    text = b""
    if early is not None:
        early.seek(0)
        text = early.read()
        if b"redirecting log output" not in text:  # died before its log was open: what is there is from another day
            return text.decode(errors="replace").splitlines()[-TAIL_LINES:]
    logs = sorted(folder.log.glob("*.log"), key=lambda path: path.lstat().st_mtime)
    if logs:
        # The folder is the service user's, we may be root: follow no link out of it.
        with open(os.open(logs[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            text += log.read()
    return text.decode(errors="replace").splitlines()[-TAIL_LINES:]


def drop_old_logs(folder: Folder, owner: int) -> None:
    """Remove last week's files: PostgreSQL empties one only if it runs at midnight, and otherwise appends for ever."""
    handle = os.open(folder.log, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != owner:  # a link set by somebody else would lead root to foreign files
            raise StartFailed(f"{folder.log} belongs to another user than the cluster: chown it")
        for name in os.listdir(handle):
            status = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > KEEP_LOGS_S:
                os.unlink(name, dir_fd=handle)
    finally:
        os.close(handle)
