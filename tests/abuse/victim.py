"""The bank that is abused, and the honest customer who must not notice."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import psutil

from tests.server.live import Live, get
from tests.support import Shop

# An honest call takes milliseconds; who waits longer was kept waiting by the others. Far above what a noisy machine does.
HONEST_S = 10.0


class Victim:
    """A live bank and a customer of it."""

    def __init__(self, server: Live, shop: Shop, customer_id: int, key: str) -> None:
        self.server, self.shop, self.customer_id, self.key = server, shop, customer_id, key
        self.port = server.port

    def balance(self) -> str:
        """An honest call with a connection of its own."""
        return get(self.server.url, params={"api_key": self.key, "action": "getBalance"}, timeout=HONEST_S).text

    def lease(self) -> str:
        """An honest lease."""
        return self.server.get("getNumber", self.key, service="tg", country="0")

    def serves(self) -> None:
        """The honest customer is served."""
        assert self.balance().startswith("ACCESS_BALANCE:")

    def url(self, path: str) -> str:
        """An address of the bank."""
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str) -> bytes:
        """What is there."""
        return get(self.url(path), timeout=HONEST_S).content

    def metrics(self) -> str:
        """The metrics page."""
        return get(self.url("/metrics"), timeout=HONEST_S).text

    def worker(self) -> psutil.Process:
        """The worker process, where there is one."""
        (worker,) = self.server.workers()
        return worker


class Opener(Protocol):
    """Opens the victim with settings."""

    def __call__(self, *arguments: str, **settings: object) -> AbstractAsyncContextManager[Victim]:
        """Arguments of `numbank serve`, and settings by their names."""
