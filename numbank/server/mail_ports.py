"""The addresses, the certificate and the limits of the mail server; the supervisor keeps them for its workers."""

from __future__ import annotations

import os
import resource
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from numbank.errors import OperatorError
from numbank.server.listening import listen_address, reserved
from numbank.settings import PREFIX, Settings
from numbank.suppliers.smtp.rules import Door, Limits, tls_context

UNIX = "unix:"
# Set by the supervisor: the socket on which the workers, who are its forks, listen for LMTP together.
LMTP_SOCKET = "LMTP_SOCKET_OF_NUMBANK"
BACKLOG = 256
# Files of a worker beside the connections of mail clients: those of HTTP clients, the database, logs.
OTHER_FILES = 1_024
# Longer paths do not fit into the address of a unix socket.
MOST_PATH = 107


def limits(settings: Settings) -> Limits:
    """The limits as set; OperatorError for a certificate that does not serve."""
    tls = tls_context(settings.smtp_cert_file, settings.smtp_key_file)
    if settings.smtp_require_tls and tls is None:
        raise OperatorError(f"setting {PREFIX}SMTP_REQUIRE_TLS: there is no certificate: set {PREFIX}SMTP_CERT_FILE")
    return Limits(
        hostname=settings.smtp_hostname or socket.gethostname(),
        most_bytes=settings.smtp_bytes,
        recipients=settings.smtp_recipients,
        connections=settings.smtp_connections,
        per_address=settings.smtp_address_connections,
        mails_per_min=settings.smtp_mails_per_min,
        idle_s=settings.smtp_idle_s,
        data_s=settings.smtp_data_s,
        tls=tls,
        require_tls=settings.smtp_require_tls,
    )


def doors(settings: Settings) -> list[Door]:
    """Where to listen."""
    found = []
    if settings.smtp_listen:
        host, port = listen_address(settings.smtp_listen)
        found.append(Door(host=host, port=port))
    if settings.lmtp_listen.startswith(UNIX):
        inherited = os.environ.get(LMTP_SOCKET)
        if inherited:
            found.append(Door(lmtp=True, listening=os.dup(int(inherited))))
        else:
            found.append(Door(lmtp=True, path=unix_path(settings.lmtp_listen)))
    elif settings.lmtp_listen:
        host, port = listen_address(settings.lmtp_listen)
        found.append(Door(lmtp=True, host=host, port=port))
    return found


def unix_path(text: str) -> str:
    """The path in `unix:/path`."""
    path = text.removeprefix(UNIX)
    if not path.startswith("/") or len(os.fsencode(path)) > MOST_PATH:
        raise OperatorError(f"setting {PREFIX}LMTP_LISTEN={text!r}: expected unix:/PATH of at most {MOST_PATH} bytes")
    return path


@contextmanager
def mail_reserved(settings: Settings) -> Iterator[None]:
    """Hold the addresses of the mail server for the workers of one bank; OperatorError when one cannot be had."""
    limits(settings)  # what is wrong with the certificate is said once, before anything starts
    if settings.smtp_listen or settings.lmtp_listen:
        _allow_files(settings.smtp_connections + OTHER_FILES)
    with ExitStack() as stack:
        if settings.smtp_listen:
            stack.enter_context(reserved(settings.smtp_listen, f"{PREFIX}SMTP_LISTEN=HOST:PORT"))
        if settings.lmtp_listen.startswith(UNIX):
            stack.enter_context(_unix_socket(unix_path(settings.lmtp_listen)))
        elif settings.lmtp_listen:
            stack.enter_context(reserved(settings.lmtp_listen, f"{PREFIX}LMTP_LISTEN=HOST:PORT"))
        yield


def _allow_files(wanted: int) -> None:
    """Let this process and its workers open so many files, as far as the system lets it: where 1,024 are the limit, a
    thousand mail clients would keep out everybody else.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def _unix_socket(path: str) -> Iterator[None]:
    """A listening socket that the workers inherit; a file that a killed server left is replaced."""
    _remove_stale(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        try:
            listening.bind(path)
            os.chmod(path, 0o666)  # noqa: S103  the folder says who may deliver: mail servers have users of their own
        except OSError as error:
            raise OperatorError(f"cannot listen on {UNIX}{path}: {error.strerror}") from None
        listening.listen(BACKLOG)
        os.environ[LMTP_SOCKET] = str(listening.fileno())
        try:
            yield
        finally:
            os.environ.pop(LMTP_SOCKET, None)
            with suppress(FileNotFoundError):
                os.unlink(path)


def _remove_stale(path: str) -> None:
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise OperatorError(f"cannot listen on {UNIX}{path}: there is a file that is no socket")
    except FileNotFoundError:
        return
    except OSError as error:
        raise OperatorError(f"cannot listen on {UNIX}{path}: {error.strerror}") from None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            os.unlink(path)
            return
    raise OperatorError(
        f"cannot listen on {UNIX}{path}: another program serves there; stop it, or give another {PREFIX}LMTP_LISTEN"
    )
