"""health: whether the bank that serves here can serve; for containers and service managers, which know exit codes only."""

from __future__ import annotations

import http.client
import time
from typing import Annotated

import msgspec
import typer

from numbank.cli import screen
from numbank.cli.access import Json
from numbank.errors import OperatorError
from numbank.server.listening import listen_address
from numbank.settings import load

Listen = Annotated[str | None, typer.Option("--listen", help="HOST:PORT of the bank (NUMBANK_LISTEN).")]

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what serves there is asked here
MOST_BYTES = 100_000
AGAIN_S = 0.25


def health(
    listen: Listen = None,
    alive: Annotated[bool, typer.Option("--alive", help="Only ask whether it lives (/healthz).")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=60, help="Seconds to wait for an answer.")] = 5.0,
    wait: Annotated[
        float, typer.Option("--wait", min=0, max=86_400, help="Ask again for so many seconds until the answer is yes.")
    ] = 0.0,
    json: Json = False,
) -> None:
    """Ask the bank of this machine whether it can serve (/readyz). Exit code 0: yes; 1: no, and stderr says why."""
    host, port = listen_address(load(listen=listen).listen)
    path = "/healthz" if alive else "/readyz"
    deadline = time.monotonic() + wait
    while True:
        try:
            answer = _healthy(EVERYWHERE.get(host, host), port, path, timeout)
            break
        except OperatorError:
            if time.monotonic() > deadline:
                raise
            time.sleep(AGAIN_S)
    if json:
        screen.print_json(answer)
    else:
        screen.out.print(str(answer.get("status", "")), markup=False)


def _healthy(host: str, port: int, path: str, timeout_s: float) -> dict[str, object]:
    """What a bank answers that can serve; OperatorError for one that cannot, or is none."""
    status, body = _asked(host, port, path, timeout_s)
    try:
        answer = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        raise OperatorError(f"what serves on {host}:{port} is no numbank (HTTP {status})") from None
    if status != 200:
        reasons = answer.get("reasons")
        raise OperatorError("; ".join(map(str, reasons)) if isinstance(reasons, list) else f"HTTP {status}")
    return answer


def _asked(host: str, port: int, path: str, timeout_s: float) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise OperatorError(f"nobody answers on {host}:{port} ({type(error).__name__})") from None
    finally:
        connection.close()
