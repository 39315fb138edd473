"""An app whose start-up never ends, served as the bank is: run as a program with the port to listen on.

It says "opening" when a worker is in its start-up.
"""

import asyncio
import sys

from numbank.asgi import Receive, Scope, Send
from numbank.server import serve
from numbank.settings import Settings


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Wait for ever in the lifespan's start-up."""
    del scope, receive, send
    sys.stdout.write("opening\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def create() -> object:
    """The factory that the server asks for."""
    return app


if __name__ == "__main__":
    serve.end_while_opening()
    serve.granian_for("tests.server.never_opens:create", Settings(listen=f"127.0.0.1:{sys.argv[1]}")).serve()
