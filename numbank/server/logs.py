"""Structured logs as JSON lines on stderr. No API key, code or message text is ever given to a logger."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _to_json(event: object, **_: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


def configure(level: str) -> None:
    """Set up structlog for this process, and let the few libraries that log go the same way."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


class AccessLog:
    """One JSON line per request, kept and written in one piece: a line costs 0.3 us instead of 9 (engine 8)."""

    def __init__(self, which: str) -> None:
        self._all = which == "all"
        self._none = which == "none"
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode

    def add(self, action: str, word: str, poll: bool, customer_id: int | None) -> None:
        """Note a request; `word` is the word of a refusal, or empty."""
        if self._none or (poll and not self._all):
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"timestamp": at, "event": "request", "action": action, "customer": customer_id, "refused": word}
        self._lines.append(self._encode(line))

    def flush(self) -> None:
        """Write what was noted."""
        if self._lines:
            lines, self._lines = self._lines, []
            sys.stderr.buffer.write(b"\n".join(lines) + b"\n")
            sys.stderr.buffer.flush()
