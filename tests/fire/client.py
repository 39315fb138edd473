"""What a client of the bank is told: an answer, or nothing that it can rely on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

# The bank says itself that it did nothing, or cannot say.
NOT_NOW = ("ERROR_SQL", "TOO_MANY_REQUESTS", "SERVER_ERROR")
AGAIN_S = 0.02


def not_now(text: str) -> bool:
    """Whether this is one of those words, bare or in the envelope of an action that answers JSON."""
    return any(word in text[:200] for word in NOT_NOW)


class Said(msgspec.Struct, frozen=True):
    """One try: when it began, how long it took, and what came (`gone`: no answer)."""

    at: float
    took_s: float
    word: str


class Line:
    """Calls to whichever node answers. `said` is kept of every try that failed, and of the last that succeeded."""

    def __init__(self, bases: Sequence[str], timeout_s: float = 30.0) -> None:
        self.bases = list(bases)
        self.failures: list[Said] = []
        self.served_at = time.monotonic()
        self.over = asyncio.Event()
        self._turn = 0
        self._http = httpx.AsyncClient(timeout=timeout_s, limits=httpx.Limits(max_keepalive_connections=64))

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def once(self, action: str, key: str, **params: object) -> str | None:
        """One try; None when it is not known what the bank did."""
        fields = {"api_key": key, "action": action} | {name: str(value) for name, value in params.items()}
        text = await self._ask("GET", "/stubs/handler_api.php", params=fields)
        return None if text is None or not_now(text) else text

    async def call(self, action: str, key: str, **params: object) -> str:
        """Again and again until there is an answer; for what may be asked twice."""
        text = await self.once(action, key, **params)
        while text is None:
            await asyncio.sleep(AGAIN_S)
            text = await self.once(action, key, **params)
        return text

    async def push(self, key: str, sms_id: str, e164: int, text: str) -> None:
        """A message of an agent, until it was acknowledged."""
        body = {"action": "PUSH_SMS", "key": key, "smsId": sms_id, "phone": e164, "phoneFrom": "Service", "text": text}
        answer = await self._ask("POST", "/agent/api/sms", json=body)
        while answer is None:
            await asyncio.sleep(AGAIN_S)
            answer = await self._ask("POST", "/agent/api/sms", json=body)
        if answer != '{"status":"SUCCESS"}':
            raise AssertionError(f"the push of {sms_id} was answered {answer}")

    async def hook(self, key: str, url: str) -> bool:
        """Where the events of a customer go; False when it is not known whether it was made."""
        answer = await self._ask("POST", "/v1/hooks", json={"url": url}, headers={"X-API-Key": key})
        return answer is not None and "hook" in json.loads(answer)

    async def hooks(self, key: str) -> list[int]:
        """The endpoints of a customer; none when the bank cannot say now."""
        answer = await self._ask("GET", "/v1/hooks", headers={"X-API-Key": key})
        return [] if answer is None else [int(one["id"]) for one in json.loads(answer)["hooks"]]

    async def unhook(self, key: str, hook_id: int) -> None:
        """Take it away."""
        await self._ask("DELETE", f"/v1/hooks/{hook_id}", headers={"X-API-Key": key})

    async def _ask(self, method: str, path: str, **request: Any) -> str | None:
        self._turn += 1
        base = self.bases[self._turn % len(self.bases)]
        began = time.monotonic()
        try:
            answer = await self._http.request(method, base + path, **request)
        except httpx.HTTPError:
            self._failed(began, "gone")
            return None
        if not_now(answer.text) or answer.status_code >= 500:
            self._failed(began, answer.text)
            return None
        self.served_at = time.monotonic()
        return answer.text

    def _failed(self, began: float, word: str) -> None:
        self.failures.append(Said(began, time.monotonic() - began, word))

    def slowest(self, word: str, since: float, until: float) -> float:
        """How long the slowest try took that began in this time and was answered with this word, in seconds."""
        return max((one.took_s for one in self.failures if one.word == word and since <= one.at <= until), default=0.0)
