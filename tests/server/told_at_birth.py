"""A process whose children are told to end in the moment they are made: prints how many of them did not hear of it."""

import os
import signal
import sys

from numbank.server import serve

CHILDREN = 20
HEARD, DEAF = 7, 8
PATIENCE_S = 1


def main() -> None:
    """Fork, tell, and count."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(HEARD))
    signal.signal(signal.SIGALRM, lambda *_: os._exit(DEAF))
    serve.hold_signals_while_forking()
    deaf = 0
    for _ in range(CHILDREN):
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE_S)
            while True:
                signal.pause()
        os.kill(child, signal.SIGTERM)
        deaf += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != HEARD
    sys.stdout.write(f"{deaf}\n")


if __name__ == "__main__":
    main()
