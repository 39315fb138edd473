"""How a webhook is signed: the Standard Webhooks headers, with one signature per valid secret (standardwebhooks.com)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from numbank.clock import secret_bytes
from numbank.hooks.model import webhook_id

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh signing secret."""
    return PREFIX + base64.b64encode(secret_bytes(SECRET_BYTES)).decode()


def headers(delivery_id: int, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of one try. The id is the same on every try, so that a receiver knows what it has seen."""
    name = webhook_id(delivery_id)
    text = body.decode()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(name, at, text) for secret in secrets),
    }
