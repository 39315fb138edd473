"""How many files, and so connections, the bank may open: the system's limit, used to the full, and what fits into it."""

from __future__ import annotations

import resource
from collections.abc import Callable

from numbank.settings import PREFIX, Settings

# Where the system has no limit of its own this is plenty, and every table of the kernel and of libraries still small.
MOST_FILES = 1_048_576
# Files of a worker that are no clients: the database, logs, libraries, webhooks on their way.
OWN_FILES = 192
FEWEST_CONNECTIONS = 16


def allow_files(say: Callable[[str], None], settings: Settings) -> None:
    """Raise the soft limit of this process and its workers to the hard one, and say so; also when even that is too low."""
    soft, hard = _limits()
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        say(f"a process may open {hard} files now, up from {soft}")
    fit = most_connections(settings)
    if fit < settings.http_connections:
        say(
            f"the system lets a process open {hard} files: a worker serves {fit} HTTP connections at once, not"
            f" {PREFIX}HTTP_CONNECTIONS={settings.http_connections}"
        )


def most_connections(settings: Settings) -> int:
    """HTTP connections of one worker: as set, or as many as the files of the process have room for."""
    mail = settings.smtp_connections if settings.smtp_listen or settings.lmtp_listen else 0
    room = _limits()[0] - OWN_FILES - mail
    return max(FEWEST_CONNECTIONS, min(settings.http_connections, room))


def _limits() -> tuple[int, int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _bounded(soft), _bounded(hard)


def _bounded(limit: int) -> int:
    return MOST_FILES if limit == resource.RLIM_INFINITY else min(limit, MOST_FILES)
