"""Runs commands in forks of one process that has `numbank` loaded: a short command's time is nearly all imports.

The fork does what the installed script does, with its own arguments, environment, stdin, stdout and stderr.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.server.loaded"])


def _be(arguments: list[str], environment: dict[str, str], where: str, folder: Path) -> None:
    """In the fork: be the command."""
    os.chdir(where)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        file = os.open(folder / name, os.O_RDWR)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  multiprocessing has put another in its place
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    from numbank.cli.main import main  # loaded before the fork

    main()


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, stdin: str, timeout_s: float
) -> CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does; killed and TimeoutExpired where it takes too long."""
    with tempfile.TemporaryDirectory(prefix="numbank-command-") as name:
        folder = Path(name)
        (folder / "stdin").write_text(stdin, "utf-8")
        (folder / "stdout").touch()
        (folder / "stderr").touch()
        process = _CONTEXT.Process(target=_be, args=(list(arguments), dict(environment), os.getcwd(), folder))
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(list(arguments), timeout_s)
        said, complained = ((folder / name).read_text("utf-8") for name in ("stdout", "stderr"))
        return CompletedProcess(list(arguments), process.exitcode, said, complained)
