"""What the child processes run: `python -m bench.entry bank|constant`, with settings from the environment."""

from __future__ import annotations

import sys

from numbank.server.serve import granian_for, serve
from numbank.settings import load


def main() -> None:
    """Serve until SIGTERM."""
    settings = load()
    if sys.argv[1] == "bank":
        serve(settings, lambda line: print(line, flush=True))
    else:
        granian_for("bench.constant:create", settings).serve()


if __name__ == "__main__":
    main()
