"""Real nodes of one bank: started, told to die at a named commit or at once, started again."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import httpx

from tests.fire import node as dying
from tests.server.live import Live, free_port, get

# What the tests need to be quick, and what they must not wait for.
SETTINGS = {
    "EARLY_CANCEL_S": "0", "MAILBOX_EARLY_CANCEL_S": "0", "COOL_DOWN_S": "0.2", "SWEEP_EVERY_S": "0.05",
    "STOCK_FOLD_S": "0.1", "STATISTICS_FOLD_S": "0.5", "HABITS_EVERY_S": "1", "HOOK_ALLOW": "127.0.0.0/8",
    "HOOK_PORTS": "1-65535", "HOOK_POLL_S": "0.05", "HOOK_TIMEOUT_S": "2", "ADDITIONAL_SERVICE_PRICES": "840=0.05",
    "ACTIVATION_LIFE_OVERRIDES": "wa=1", "RELEASE_FIRST_S": "0.05", "SUPPLIER_HARD_S": "2", "RENT_CANCEL_S": "600",
    "VERSION_POLL_S": "0.25", "HOOKS_PER_ACCOUNT": "100", "SMTP_HOSTNAME": "mx.fire.test",
}  # fmt: skip


class Node(Live):
    """`numbank serve` in processes of its own that may be ordered to kill themselves (node.py)."""

    def __init__(self, arguments: list[str], folder: Path, **environment: str) -> None:
        super().__init__(arguments, **environment)
        self.arguments = [
            sys.executable,
            "-m",
            "tests.fire.node",
            "serve",
            "--listen",
            f"127.0.0.1:{self.port}",
            *arguments,
        ]
        self.smtp_port = free_port()
        self._environment |= {f"NUMBANK_{name}": value for name, value in SETTINGS.items()} | {
            "NUMBANK_SECRETS_FILE": str(folder / "secrets.key"),
            "NUMBANK_SMTP_LISTEN": f"127.0.0.1:{self.smtp_port}",
            dying.ARM: str(folder / "order"),
            dying.SUPPLIED: str(folder / "supplied"),
        }
        self._environment |= environment

    @property
    def lives(self) -> bool:
        """Whether the supervisor runs."""
        return self.process is not None and self.process.poll() is None

    def tell(self, **environment: str) -> None:
        """Variables of its next life."""
        self._environment |= environment

    def ready(self) -> bool:
        """What /readyz says; False too when nobody answers."""
        try:
            return get(f"http://127.0.0.1:{self.port}/readyz", timeout=20).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9 of everything that is this node."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def kill_worker(self) -> None:
        """kill -9 of one worker; its supervisor starts another."""
        for worker in self.workers():
            worker.kill()


class Fleet:
    """The nodes of a bank and the order that one of them may carry out."""

    def __init__(self, folder: Path, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._order = folder / "order"
        self._done = folder / "order.done"

    def order(self, place: str, stage: str, nth: int, who: str) -> None:
        """The first worker of any node that passes there dies, alone or with its node."""
        self._done.unlink(missing_ok=True)
        draft = self._order.with_suffix(".draft")
        draft.write_text(f"{place} {stage} {nth} {who}", "ascii")
        draft.rename(self._order)

    def carried_out(self, within_s: float) -> bool:
        """Wait for the death."""
        deadline = time.monotonic() + within_s
        while not self._done.exists():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def take_back(self) -> bool:
        """Take the order back; False when somebody was just carrying it out."""
        try:
            self._order.unlink()
        except FileNotFoundError:
            return False
        return True

    def raise_the_dead(self) -> float:
        """Start again what died; gives the seconds until everybody was ready.

        A supervisor whose workers die twice within seconds gives up by design: whoever looks after it starts it again.
        """
        began = time.monotonic()
        while not all(node.lives and node.ready() for node in self.nodes):
            for node in self.nodes:
                if not node.lives:
                    node.start()
            if time.monotonic() > began + 60:
                raise AssertionError("a node does not come back")
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop everybody in good order."""
        for node in self.nodes:
            if node.lives:
                node.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        for node in self.nodes:
            if node.process is not None:
                assert node.process.wait(60) in (0, 1, -signal.SIGKILL)

    def end(self) -> None:
        """Whatever is left of them goes."""
        for node in self.nodes:
            if node.lives:
                node.kill()
