"""The door for agents' software: `POST /agent/api/sms` and `GET /agent/api/ping`, a plain ASGI handler (supply.md 1).

SUCCESS is said only after the message is durable; everything else makes the agent push again or tells it why not to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import structlog

from numbank.asgi import Gone, Receive, Scope, Send, respond, respond_gone
from numbank.bodies import Bodies
from numbank.customers.keys import digest_of
from numbank.errors import BadRequest, NotFound, Overloaded, Refusal, TooLarge, Unavailable
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.masking import masked
from numbank.settings import Settings
from numbank.suppliers.agent.body import GZIP_MAGIC, inflate
from numbank.suppliers.agent.keys import Agent, AgentRing
from numbank.suppliers.agent.push import BadPush, Message, Push, call_of, read_push, sms_of

log = structlog.get_logger("numbank")

Take = Callable[[Arrival], Awaitable[Intake | Refusal]]

SMS_PATH = "/agent/api/sms"
PING_PATH = "/agent/api/ping"

SUCCESS = b'{"status":"SUCCESS"}'
PUSH_SMS = "PUSH_SMS"
# What each action carries.
READ = {PUSH_SMS: sms_of, "PUSH_CALL": call_of}
# Named by others without a word on its members; a recording comes with its call.
NOT_HERE = {"PUSH_CALL_RECORD": "send recordingUrl with PUSH_CALL instead of PUSH_CALL_RECORD"}
GZIP = frozenset({"gzip", "x-gzip"})
PLAIN = frozenset({"", "identity"})
# What the agent should try again, and it does so on anything but SUCCESS; the status is for those who look at it only.
AGAIN = (Unavailable, Overloaded)


class AgentDoor:
    """Serves the two paths of agents. `take` is the bank's door for messages."""

    def __init__(self, take: Take, keys: AgentRing, settings: Settings) -> None:
        self._take = take
        self._keys = keys
        self._settings = settings
        self._bodies = Bodies(settings.max_body_bytes, settings.http_body_s)
        serve = {SMS_PATH: self._sms, PING_PATH: self._ping}
        self._serve = {path + slash: answer for path, answer in serve.items() for slash in ("", "/")}
        self.paths = tuple(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose path is one of `paths`."""
        try:
            status, body = await self._serve[scope["path"]](scope, receive)
        except Gone as gone:
            await respond_gone(send, gone)
            return
        await respond(send, status, body, b"application/json")

    async def _ping(self, scope: Scope, _receive: Receive) -> tuple[int, bytes]:
        return (200, SUCCESS) if scope["method"] in ("GET", "HEAD") else (405, _error("use GET"))

    async def _sms(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return 405, _error("use POST")
        try:
            push = await self._read(scope, receive)
            agent = await self._agent(push)
            await self._store(agent, push)
        except BadPush as error:
            return 200, _error(error.reason)
        except TooLarge:
            return 200, _error("the body is too large")
        except AGAIN:
            return 503, _error("the bank cannot store it now, try again")
        except Gone:
            raise
        except Exception as error:
            # A bug of ours must not look like an answer: the agent keeps the message and tries again.
            log.error("agent_push_bug", error=type(error).__name__, exc_info=error)  # noqa: TRY400  named and typed
            return 503, _error("the bank cannot store it now, try again")
        return 200, SUCCESS

    async def _read(self, scope: Scope, receive: Receive) -> Push:
        """The push in a request. gzip is told by its first bytes too, as some say nothing or the wrong thing about it."""
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        body = await self._bodies.read(scope, receive)
        if encoding not in GZIP | PLAIN:
            raise BadPush("unknown content encoding; send gzip or nothing")
        if body.startswith(GZIP_MAGIC):
            try:
                body = inflate(body, self._settings.agent_inflated_bytes)
            except BadRequest:
                raise BadPush("the gzip body is damaged") from None
        content_type = headers.get(b"content-type", b"").decode("latin-1").strip()
        return read_push(body, content_type, self._settings.max_fields)

    async def _agent(self, push: Push) -> Agent:
        """Whose key it is. Looked up by its digest, so that no answer takes longer for a better guess."""
        digest = digest_of(str(push.key or "").strip())
        agent = self._keys.cached(digest) or await self._keys.find(digest)
        if agent is None:
            log.warning("agent_push_refused", agent=None, reason="wrong key")
            raise BadPush("wrong key")
        return agent

    async def _store(self, agent: Agent, push: Push) -> None:
        """Keep the message; returns only when it is durable."""
        action = (push.action or PUSH_SMS).strip().upper()
        read = READ.get(action)
        if read is None:
            raise BadPush(NOT_HERE.get(action, "unknown action"))
        message = read(push)
        taken = await self._take(
            Arrival(
                agent.supplier_id, message.foreign_id, message.e164, message.sender, message.text, own_only=True,
                medium=message.medium, language=message.language, recording_url=message.recording_url,
            )
        )  # fmt: skip
        if isinstance(taken, NotFound):
            _log_refused(agent, message, "not its number")
            raise BadPush("the number is not one of yours")
        if isinstance(taken, Refusal):
            if not isinstance(taken, AGAIN):
                _log_refused(agent, message, type(taken).__name__)
                raise BadPush("the message cannot be kept")
            raise taken


def _log_refused(agent: Agent, message: Message, reason: str) -> None:
    log.warning("agent_push_refused", agent=agent.name, number=masked(message.e164), reason=reason)


def _error(reason: str) -> bytes:
    return msgspec.json.encode({"status": "ERROR", "error": reason})
