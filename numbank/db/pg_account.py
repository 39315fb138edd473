"""Whose rights PostgreSQL runs with: the caller's own, or a service user's when the caller is root.

PostgreSQL refuses to run as root. Of the users that may exist the best comes first: `numbank` was made for us by the
operator; `postgres` is what packagers make for a database, and no other kind of service uses it; `nobody` is there on
every system but shared with whatever else uses it, so it comes last. A cluster stays with the user it was made for;
who wants another one makes the data folder and gives it to that user.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from numbank.db.pg_binaries import binaries, environment
from numbank.db.pg_errors import NotPermitted

SERVICE_USERS = ("numbank", "postgres", "nobody")

# Prints the first path that the user may not pass or execute. The only sure judge of modes, ACLs and mount options is
# the system itself, asked as that user.
_FIRST_CLOSED = 'for p; do [ -x "$p" ] || { printf %s "$p"; exit 1; }; done'


class Account(NamedTuple):
    """A user, and whether becoming this user needs root's power."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen(
        self,
        argv: Sequence[str | Path],
        output: IO[bytes] | int,
        *,
        env: Mapping[str, str] | None = None,
        new_session: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a program as this user, with one stream for all that it says."""
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment(), **(env or {})},
            cwd="/",
            umask=0o077,
            start_new_session=new_session,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def own(self, folder: int) -> None:
        """Give this user a folder just made by us, and what is in it; the folder last: from then on it is theirs."""
        if self.switch:
            for name in os.listdir(folder):
                os.chown(name, self.uid, self.gid, dir_fd=folder, follow_symlinks=False)
            os.fchown(folder, self.uid, self.gid)

    def check_reach(self, data: Path) -> None:
        """Refuse a place of data or programs that this user cannot get to; no folder is ever opened up for it."""
        if not self.switch:
            return
        program = binaries() / "postgres"
        ways = [*reversed(data.parents), data, *reversed(program.parents), program]
        with self.popen(["/bin/sh", "-c", _FIRST_CLOSED, "sh", *ways], subprocess.PIPE) as check:
            closed = os.fsdecode(check.communicate()[0])
        if check.returncode:
            raise NotPermitted(
                f"PostgreSQL never runs as root but as user '{self.name}', who may not enter {closed}: let it pass"
                " there (chmod o+x), keep numbank and its data elsewhere (say /opt/numbank and /var/lib/numbank), or"
                " run numbank as an ordinary user"
            )


def account_for(data: Path, home: Path) -> Account:
    """Return who runs the cluster in `home`: its owner; for a new one the caller.

    When root makes a new one, it is the owner of the data folder; when that is root too, a service user.
    """
    me = os.geteuid()
    if not home.exists():
        if me != 0:
            return _named(me, os.getegid(), switch=False)
        owner = data.stat()
        return _service_user() if owner.st_uid == 0 else _named(owner.st_uid, owner.st_gid, switch=True)
    owner = home.stat()
    account = _named(owner.st_uid, owner.st_gid, switch=me == 0)
    if account.uid == 0:
        raise NotPermitted(f"{home} belongs to root, and PostgreSQL never runs as root: chown -R it to a service user")
    if me not in (0, account.uid):
        raise NotPermitted(f"{home} belongs to user '{account.name}': run numbank as that user or as root")
    return account


def _named(uid: int, gid: int, *, switch: bool) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a container may run with a bare number
        return Account(str(uid), uid, gid, switch)
    return Account(entry.pw_name, uid, entry.pw_gid, switch)


def _service_user() -> Account:
    for name in SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise NotPermitted("PostgreSQL never runs as root: make a user for it with `useradd --system numbank`")
