"""Settings of mailboxes and of the mail server."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from numbank.settings.kinds import MOST_SECONDS, Count, Seconds, doc
from numbank.settings.lending import LendingSettings


class MailingSettings(LendingSettings, frozen=True, kw_only=True):
    """Mailboxes and mails."""

    # mailboxes
    mailbox_life_s: Annotated[Seconds, doc("life of a lease of a mailbox")] = 1200.0
    mailbox_early_cancel_s: Annotated[Seconds, doc("a cancel of a mailbox is refused this long after the purchase")] = (
        120.0
    )
    mailbox_rest_s: Annotated[
        Seconds, doc("an address accepts mail this long after its lease; nobody reads it but the operator")
    ] = 86_400.0

    mail_delete_shows: Annotated[
        bool, doc("DELETE of a mailbox (version 2) answers 200 with it, in place of an empty 204")
    ] = False
    mail_empty_while_waiting: Annotated[
        bool, doc("checkMailActivation answers an empty success while no mail came, in place of WAIT_LINK")
    ] = False

    # mail
    smtp_listen: Annotated[str, doc("HOST:PORT to take mail on by SMTP; empty: no SMTP")] = ""
    lmtp_listen: Annotated[str, doc("HOST:PORT or unix:/PATH to take mail on by LMTP; empty: no LMTP")] = ""
    smtp_hostname: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9.-]{0,253}$"),
        doc("name of the mail server in its greeting; empty: the machine's own"),
    ] = ""
    smtp_cert_file: Annotated[str, doc("certificate chain for STARTTLS, PEM; empty: STARTTLS is not offered")] = ""
    smtp_key_file: Annotated[str, doc("its private key, PEM; empty: it is in the certificate's file")] = ""
    smtp_require_tls: Annotated[bool, doc("mail is taken after STARTTLS only")] = False
    smtp_bytes: Annotated[
        int, Meta(ge=1_024, le=1_000_000_000), doc("largest mail, in bytes as sent; a larger one is refused with 552")
    ] = 10_485_760
    smtp_recipients: Annotated[
        int, Meta(ge=1, le=10_000), doc("recipients of one mail; further ones are refused with 452")
    ] = 100
    smtp_connections: Annotated[Count, doc("connections to the mail server of one worker process at once")] = 1_000
    smtp_address_connections: Annotated[Count, doc("the same from one client address")] = 50
    smtp_mails_per_min: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        doc("mails per minute of one client address and worker, else 451; 0: no limit"),
    ] = 0
    smtp_idle_s: Annotated[
        float, Meta(ge=1, le=MOST_SECONDS), doc("a connection to the mail server that is silent for so long is closed")
    ] = 300.0
    smtp_data_s: Annotated[float, Meta(ge=1, le=MOST_SECONDS), doc("sending one mail may take this long")] = 600.0
