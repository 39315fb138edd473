"""The certificate of the mail server when its files are renewed: taken into use without a restart, if it serves."""

from __future__ import annotations

import os
from ssl import SSLContext

from numbank.suppliers.smtp.rules import tls_context


class Certificate:
    """Watches the files of a context; None: there is no TLS and nothing to watch."""

    def __init__(self, context: SSLContext | None, cert_file: str, key_file: str) -> None:
        self._context = context
        self._cert_file = cert_file
        self._key_file = key_file
        self._seen = self._states()
        self._refused: list[tuple[int, int]] | None = None

    def renew(self) -> bool:
        """Load the files again when they changed. OperatorError, once for each state of the files, when they do not serve
        (half of a renewal, perhaps): then the old certificate stays in use.
        """
        states = self._states()
        if self._context is None or states in (self._seen, self._refused):
            return False
        self._refused = states
        tls_context(self._cert_file, self._key_file)  # loading half a pair into the one in use would break it
        # Connections that come from now on see the new one; those that are open keep theirs.
        self._context.load_cert_chain(self._cert_file, self._key_file or None)
        self._seen, self._refused = states, None
        return True

    def _states(self) -> list[tuple[int, int]]:
        """What tells one content of the files from another."""
        states = []
        for file in filter(None, (self._cert_file, self._key_file)):
            try:
                status = os.stat(file)
            except OSError:
                states.append((0, 0))
            else:
                states.append((status.st_mtime_ns, status.st_ino))
        return states
