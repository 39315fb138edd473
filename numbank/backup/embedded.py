"""A restore into a data folder: made beside its place, and moved there as a whole when everything about it is proved."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numbank.db import ending
from numbank.db.embedded import EmbeddedServer
from numbank.db.pg_cluster import Folder
from numbank.db.unfinished import FOLDER
from numbank.errors import OperatorError

Say = Callable[[str], None]


@contextmanager
def new_cluster(data: Path, say: Say) -> Iterator[str]:
    """The address of an empty database that becomes this folder's when all goes well. When not it goes away again, but its
    empty folder stays: with that mark nothing makes a new, empty bank in the place of the one that was asked for."""
    place = Folder.at(data)
    _refuse_taken(place)
    place.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    staging = place.data / FOLDER
    if staging.exists():
        say(f"removing {staging}, which a restore left that was cut short")
        _remove(staging, say)
    staging.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
    if os.geteuid() == 0:  # the cluster belongs to whom it would belong in its place
        owner = place.data.stat()
        os.chown(staging, owner.st_uid, owner.st_gid)
    try:
        with ending.noted(), EmbeddedServer.start(staging, say) as server:
            ending.obey()
            yield server.dsn
        _refuse_taken(place)
        Folder.at(staging).home.rename(place.home)
        _sync(place.data)
    except BaseException:
        _empty(staging, say)
        raise
    _remove(staging, say)


def _refuse_taken(place: Folder) -> None:
    if place.home.exists():
        raise OperatorError(
            f"there is a bank in {place.data} already: a restore never overwrites anything, give another folder"
        )


def _remove(staging: Path, say: Say) -> None:
    """Remove what is in the folder of an unfinished cluster, and last the folder: it is the mark."""
    _empty(staging, say)
    staging.rmdir()


def _empty(staging: Path, say: Say) -> None:
    """Remove an unfinished cluster; a PostgreSQL that still runs on it is taken over and stopped first."""
    if Folder.at(staging).home.exists():
        EmbeddedServer.start(staging, say).stop()
    for path in staging.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
