"""Signatures are those of Standard Webhooks: its own library verifies them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from numbank.hooks import signature

pytestmark = pytest.mark.unit

BODY = '{"activationId":1,"text":"код 12345"}'.encode()


def test_a_secret_has_the_form_of_the_standard() -> None:
    secret = signature.new_secret()
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert signature.new_secret() != secret


def test_each_valid_secret_verifies_and_no_other() -> None:
    new, old, other = (signature.new_secret() for _ in range(3))
    headers = signature.headers(17, datetime.now(UTC), BODY, [new, old])
    assert headers["webhook-id"] == "msg_17"
    assert headers["webhook-timestamp"].isdigit()
    assert [part.partition(",")[0] for part in headers["webhook-signature"].split(" ")] == ["v1", "v1"]
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + b" ", headers)
