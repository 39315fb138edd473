"""Two clients of the mail actions as published ones read the answers (protocol.md 5.1): JSON always, `status` OK and a
`response` on every success, the word of a refusal under `error`."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support import Caller


class Refused(Exception):  # noqa: N818  what these clients raise
    """The word of a refusal."""


class Waiting(Exception):  # noqa: N818  what the first client raises while nothing came
    """Nothing came yet."""


class FirstClient:
    """Reads as the version 1 class of `sms-activate-email` does: it polls while a success has no `full_message`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def ask(self, action: str, **params: object) -> Any:
        try:
            answer = msgspec.json.decode(await self._caller.get(action, **params))
        except msgspec.DecodeError:
            raise AssertionError("bad json") from None
        if answer.get("status") != "OK":
            word = answer["error"]
            raise Waiting if word == "WAIT_LINK" else Refused(word)
        if "response" not in answer:
            raise AssertionError("no response")
        return answer["response"]

    async def domains(self, site: str) -> dict[str, tuple[float, int | None]]:
        response = await self.ask("getDomains", site=site)
        return {one["name"]: (float(one["cost"]), one.get("count")) for one in response["zones"] + response["popular"]}

    async def history(self, **params: object) -> list[dict[str, Any]]:
        names = ("id", "email", "site", "status", "value", "cost", "date", "full_message")
        return [{name: row[name] for name in names} for row in (await self.ask("getMailHistory", **params))["list"]]

    async def check(self, mailbox_id: int) -> str | None:
        """The mail, None to poll on."""
        response = await self.ask("checkMailActivation", id=mailbox_id)
        return str(response["full_message"]) if response.get("full_message") else None


class SecondClient:
    """Reads as the mail class of `sms-activate-wrapper` does: any refusal raises, and it polls while a success has no
    `value`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def ask(self, action: str, **params: object) -> Any:
        answer = await self._caller.json(action, **params)
        if answer["status"] != "OK":
            raise Refused(answer["error"])
        return answer["response"]

    async def buy(self, site: str, domain: str, mail_type: int) -> tuple[str, int]:
        response = await self.ask("buyMailActivation", site=site, mail_type=mail_type, mail_domain=domain)
        return response["email"], response["id"]

    async def cancel(self, mailbox_id: int) -> bool:
        return bool(await self.ask("cancelMailActivation", id=mailbox_id))

    async def check(self, mailbox_id: int) -> str | None:
        """The value, None to poll on."""
        value: str | None = (await self.ask("checkMailActivation", id=mailbox_id)).get("value")
        return value
