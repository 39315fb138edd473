"""Runs a program of PostgreSQL to its end, tells what it does line by line, and ends it when the command is ended."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from numbank.backup.tools import Target, Tool
from numbank.errors import OperatorError

LOOK_EVERY_S = 0.5
MOST_COMPLAINTS = 3
# `pg_dump: error: ...` and what libpq says below it.
COMPLAINT = re.compile(r"(error|fatal|detail|hint|no space|could not|failed)", re.IGNORECASE)


async def run(
    tool: Tool,
    arguments: Sequence[str | Path],
    target: Target | None,
    heard: Callable[[str], None],
    *,
    looking: Callable[[], None] = lambda: None,
    keep_open: Sequence[int] = (),
) -> None:
    """Run it; `heard` gets each line without the program's name, `looking` is called now and then.

    OperatorError with the program's own words when it fails. `keep_open` are files that it inherits: their locks stay as
    long as it lives, also when this process is killed.
    """
    words: list[str | Path] = [tool.path, *arguments]
    if target is not None:
        words += ["--dbname", target.address, "--no-password"]
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(target.environment) if target is not None else None,
        umask=0o077,
        pass_fds=keep_open,
        start_new_session=True,  # Ctrl-C is for us: we end it in good order
        limit=2**20,
    )
    last: deque[str] = deque(maxlen=MOST_COMPLAINTS)
    reading = asyncio.create_task(_read(process, tool.path.name, heard, last))
    try:
        while not reading.done():
            await asyncio.wait([reading], timeout=LOOK_EVERY_S)
            looking()
        await reading
        code = await process.wait()
    except BaseException:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        reading.cancel()
        raise
    if code:
        why = " ".join(last) or f"exit code {code}"
        raise OperatorError(f"{tool.path.name} failed: {why}")


async def _read(process: asyncio.subprocess.Process, name: str, heard: Callable[[str], None], last: deque[str]) -> None:
    assert process.stderr is not None  # noqa: S101  it was asked for
    async for raw in process.stderr:
        line = raw.decode(errors="replace").strip().removeprefix(f"{name}: ")
        if COMPLAINT.match(line):
            last.append(line.removeprefix("error: "))
        else:
            heard(line)
