"""A renewed certificate is taken into use while the mail server runs; half of a renewal is not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from numbank.errors import OperatorError
from numbank.suppliers.smtp.certificate import Certificate
from numbank.suppliers.smtp.rules import tls_context
from tests.suppliers.smtp.test_connections import certificate, trusting

pytestmark = pytest.mark.unit


def seen(server: ssl.SSLContext, trusted: str) -> bool:
    """Whether a client that trusts this certificate alone gets through the handshake."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(trusted).wrap_bio(to_client, to_server, server_hostname="mx.box.test")
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, serving):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return client.version() is not None


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    cert_file, key_file = certificate(tmp_path)
    new_cert, new_key = certificate(tmp_path / "new")
    context = tls_context(cert_file, key_file)
    assert context is not None
    watched = Certificate(context, cert_file, key_file)
    assert not watched.renew()  # nothing changed
    assert (seen(context, cert_file), seen(context, new_cert)) == (True, False)
    old = Path(cert_file).read_bytes()
    (tmp_path / "old.pem").write_bytes(old)
    # Half of a renewal: the key does not fit yet. It is said once, and the old pair goes on.
    Path(new_cert).replace(cert_file)
    with pytest.raises(OperatorError, match="certificate"):
        watched.renew()
    assert not watched.renew()
    assert seen(context, str(tmp_path / "old.pem"))
    Path(new_key).replace(key_file)
    assert watched.renew()
    assert (seen(context, cert_file), seen(context, str(tmp_path / "old.pem"))) == (True, False)
    assert not watched.renew()


def test_without_tls_there_is_nothing_to_renew() -> None:
    assert not Certificate(None, "", "").renew()
