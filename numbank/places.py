"""Where things may lie when root starts the bank: PostgreSQL then runs as a service user, who has to get there."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

# For root only: what a service user can always reach, and nobody but root can write.
SHARED = Path("/var/lib/numbank")


def open_to_others(path: Path) -> bool:
    """Whether every user may pass through all folders above a path; folders that do not exist yet do not count."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents if folder.exists())


def reachable(path: Path, kind: str) -> Path:
    """The path itself, unless root runs us and others cannot get there (a clone in /root): then one below SHARED for it."""
    if os.geteuid() != 0 or open_to_others(path):
        return path
    return SHARED / f"{kind}-{blake2b(os.fsencode(path), digest_size=6).hexdigest()}"
