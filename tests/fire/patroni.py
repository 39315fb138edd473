"""The same under Debian's PostgreSQL with Patroni and etcd: the leader's machine dies again and again, under load.

Needs `apt-get install patroni etcd-server postgresql`; everything runs on loopback in folders of its own. A long run:
`python -m tests.fire --patroni ROUNDS`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import msgspec
import psutil

from numbank.db.pg_account import Account, account_for
from tests.fire.fleet import Node
from tests.fire.kills import stage
from tests.fire.outage import back, some_turns, takes_writes
from tests.fire.postgres import HOST, USER, own_folder, signal_tree
from tests.server.live import free_port

DEBIAN = Path("/usr/lib/postgresql")
PROGRAMS = ("/usr/bin/patroni", "/usr/bin/etcd")
PASSWORD = "only on loopback"
MEMBERS = 3
ELECTION_S = 90.0


def missing() -> str:
    """What this machine lacks; empty when nothing."""
    lacks = [program for program in PROGRAMS if not Path(program).exists()]
    if not list(DEBIAN.glob("*/bin/initdb")):
        lacks.append(f"{DEBIAN}/*/bin/initdb")
    return ", ".join(lacks)


class Member:
    """One machine: Patroni and the PostgreSQL that it looks after."""

    def __init__(self, folder: Path, name: str, etcd_port: int, account: Account) -> None:
        self.name, self.port, self.rest_port = name, free_port(), free_port()
        self.folder = folder / name
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self.folder.mkdir(mode=0o700)
        os.chown(self.folder, account.uid, account.gid)
        self._config = folder / f"{name}.json"
        self._config.write_bytes(msgspec.json.encode(self._settings(etcd_port)))  # JSON is YAML

    def _settings(self, etcd_port: int) -> dict[str, object]:
        user = {"username": USER, "password": PASSWORD}
        hba = [f"host all all {HOST}/32 trust", f"host replication all {HOST}/32 trust", "local all all trust"]
        parameters = {
            "max_connections": 200, "shared_buffers": "64MB", "jit": "off", "wal_sender_timeout": "3s",
            "wal_receiver_timeout": "3s", "unix_socket_directories": str(self.folder), "wal_log_hints": "on",
        }  # fmt: skip
        return {
            "scope": "bank", "name": self.name,
            "restapi": {"listen": f"{HOST}:{self.rest_port}", "connect_address": f"{HOST}:{self.rest_port}"},
            "etcd3": {"host": f"{HOST}:{etcd_port}"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20, "loop_wait": 2, "retry_timeout": 5, "maximum_lag_on_failover": 1 << 20,
                    # Without `strict` the leader goes on alone when no standby is left: acked would mean one machine.
                    "synchronous_mode": True, "synchronous_mode_strict": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": parameters},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"{HOST}:{self.port}", "connect_address": f"{HOST}:{self.port}", "pg_hba": hba,
                "data_dir": str(self.folder / "data"), "pgpass": str(self.folder / "pgpass"),
                "bin_dir": str(sorted(DEBIAN.glob("*/bin"))[-1]),
                "authentication": {"superuser": user, "replication": user, "rewind": user},
            },
        }  # fmt: skip

    def start(self) -> None:
        """Begin; Patroni does the rest."""
        with (self.folder.parent / f"{self.name}.log").open("ab") as log:
            self._process = self._account.popen([PROGRAMS[0], self._config], log, new_session=True)

    def leads(self) -> bool:
        """Whether this is the leader, and takes writes."""
        try:
            return httpx.get(f"http://{HOST}:{self.rest_port}/primary", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def die(self) -> None:
        """The machine is gone: Patroni and every process of its PostgreSQL, at once."""
        assert self._process is not None
        pid_file = self.folder / "data" / "postmaster.pid"
        victims = [int(pid_file.read_text().splitlines()[0])] if pid_file.exists() else []
        for pid in (self._process.pid, *victims):
            with suppress(psutil.NoSuchProcess):
                signal_tree(pid, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def end(self) -> None:
        """Whatever is left of it goes."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.die()


class House:
    """etcd and its members."""

    def __init__(self, folder: Path) -> None:
        self._account = account_for(folder, folder / "none")
        os.chown(folder, self._account.uid, self._account.gid)
        self.folder = folder
        self._port, self._peers = free_port(), free_port()
        self.members = [Member(folder, f"pg{turn}", self._port, self._account) for turn in range(MEMBERS)]
        self._etcd: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The address that names all members."""
        hosts = ",".join(f"{HOST}:{member.port}" for member in self.members)
        return f"postgresql://{USER}@{hosts}/bank"

    def open(self) -> None:
        """Start everything and make the bank's database."""
        client, peer = f"http://{HOST}:{self._port}", f"http://{HOST}:{self._peers}"
        argv = [
            PROGRAMS[1], "--name", "one", "--data-dir", str(self.folder / "etcd"), "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"one={peer}",
        ]  # fmt: skip
        with (self.folder / "etcd.log").open("ab") as log:
            self._etcd = self._account.popen(argv, log, new_session=True)
        self.members[0].start()
        leader = self.leader()
        for member in self.members[1:]:
            member.start()
        asyncio.run(self._prepare(leader))

    async def _prepare(self, leader: Member) -> None:
        url = f"postgresql://{USER}@{HOST}:{leader.port}/postgres"
        deadline = time.monotonic() + ELECTION_S
        connection = await asyncpg.connect(url)
        while await connection.fetchval("select count(*) from pg_stat_replication where sync_state = 'sync'") < 1:
            assert time.monotonic() < deadline, "there is no synchronous standby"
            await asyncio.sleep(0.2)
        await connection.execute("create database bank")
        await connection.close()

    def leader(self) -> Member:
        """Wait for the leader."""
        deadline = time.monotonic() + ELECTION_S
        while time.monotonic() < deadline:
            for member in self.members:
                if member.leads():
                    return member
            time.sleep(0.05)
        raise AssertionError("no member becomes the leader")

    def standbys(self, least: int) -> None:
        """Wait until so many standbys stream from the leader, one of them synchronously."""
        deadline = time.monotonic() + ELECTION_S
        while time.monotonic() < deadline:
            members = httpx.get(f"http://{HOST}:{self.leader().rest_port}/cluster", timeout=5).json()["members"]
            roles = [one["role"] for one in members if one["state"] in ("running", "streaming")]
            if "sync_standby" in roles and len(roles) > least:
                return
            time.sleep(0.2)
        raise AssertionError("the standbys do not come back")

    def close(self) -> None:
        """End everything and remove it."""
        for member in self.members:
            member.end()
        if self._etcd is not None:
            self._etcd.send_signal(signal.SIGTERM)
            self._etcd.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


async def run(rounds: int, seed: int, say: Callable[[str], None]) -> None:
    """The leader's machine dies `rounds` times under load; proves everything at the end."""
    folder = own_folder("numbank-fire-")
    house = House(own_folder("numbank-patroni-"))
    try:
        await asyncio.to_thread(house.open)
        nodes = [Node(["--database-url", house.dsn], folder) for _ in range(2)]
        async with stage(
            folder, house.dsn, nodes, seed=seed, check_dsn=f"{house.dsn}?target_session_attrs=read-write"
        ) as on:
            for turn in range(rounds):
                await some_turns(on, 60)
                leader = await asyncio.to_thread(house.leader)
                died = time.monotonic()
                leader.die()
                elected = await asyncio.to_thread(house.leader)
                since = await takes_writes(house.dsn)
                took = await back(on, since)
                say(
                    f"round {turn + 1}: {leader.name} died, {elected.name} led after {since - died:.1f} s,"
                    f" the bank leased {took:.1f} s later"
                )
                leader.start()
                await asyncio.to_thread(house.standbys, 2)
            await on.prove()
    finally:
        await asyncio.to_thread(house.close)
        shutil.rmtree(folder, ignore_errors=True)
