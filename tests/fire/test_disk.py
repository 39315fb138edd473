"""The disk of the database is full, under load: what was acknowledged stays, and all goes on when there is room."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fire.fleet import Node
from tests.fire.kills import stage
from tests.fire.outage import back, some_turns
from tests.fire.postgres import Cluster, own_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIZE_MB = 256
PIECE = 1 << 20
ROUNDS = 1


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a small file system of its own."""
    folder = own_folder("numbank-fire-disk-")
    argv = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(argv, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("NOT TESTED: a full disk; mounting a small tmpfs needs root's rights")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * PIECE)
                file.flush()
        except OSError:
            return ballast


async def test_a_full_disk_loses_nothing_and_is_over_when_there_is_room(small_disk: Path) -> None:
    folder = own_folder("numbank-fire-")
    cluster = Cluster(small_disk, max_wal_size="48MB", min_wal_size="32MB", wal_recycle="off")
    try:
        await asyncio.to_thread(cluster.create)
        nodes = [Node(["--database-url", cluster.dsn], folder)]
        async with stage(folder, cluster.dsn, nodes, seed=7, customers=8) as on:
            for _ in range(ROUNDS):
                await some_turns(on)
                ballast = await asyncio.to_thread(fill, small_disk)
                failures = len(on.line.failures)
                deadline = time.monotonic() + 60
                while cluster.runs and len(on.line.failures) < failures + 20:
                    assert time.monotonic() < deadline, "the disk is full and nobody noticed"
                    await asyncio.sleep(0.05)
                ballast.unlink()
                if not cluster.runs:  # PostgreSQL ends when it cannot write its log, and somebody starts it again
                    await asyncio.to_thread(cluster.start)
                await back(on, time.monotonic())
            await on.prove()
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)
