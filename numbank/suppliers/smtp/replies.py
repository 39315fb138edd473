"""What the mail server says beside aiosmtpd's own replies, and what it says to an answer of the bank."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from numbank.errors import BadRequest, NotFound, Refusal
from numbank.mailbox.deliver import Taken


class Reply(Enum):
    """What is said about a recipient or a mail, beside aiosmtpd's own replies."""

    TAKEN = "250 2.0.0 the mail is kept"
    KNOWN = "250 2.1.5 recipient ok"
    SENDER = "250 2.1.0 sender ok"
    UNKNOWN = "550 5.1.1 no such mailbox here"
    RELAY = "550 5.7.1 this server takes no mail for that domain"
    LATER = "451 4.3.0 the mail cannot be kept now, try again later"
    LIMITED = "451 4.7.1 too many mails in a minute, try again later"
    CROWDED = "452 4.5.3 too many recipients"
    UNFIT = "554 5.6.0 the mail cannot be kept"
    BUSY = "421 4.7.0 too many connections, try again later"
    SILENT = "421 4.4.2 silent for too long"
    SLOW = "421 4.4.2 the mail took too long"
    STOPPING = "421 4.3.2 the server is stopping"
    VERIFY = "252 2.5.2 send some mail, and you will see"
    HELP = "214 2.0.0 RFC 5321"
    NO_COMMAND = "502 5.5.1 not offered"
    FAULT = "451 4.3.0 that went wrong here"


def reply_for(answer: Taken | Refusal) -> Reply:
    """What a client is told about one recipient's copy."""
    if isinstance(answer, NotFound):
        return Reply.UNKNOWN
    if isinstance(answer, BadRequest):
        return Reply.UNFIT
    return Reply.LATER if isinstance(answer, Refusal) else Reply.TAKEN


def one_reply(answers: Sequence[Reply]) -> Reply:
    """What SMTP says about all copies together: taken if all are; else, as long as any could succeed, later."""
    refused = [answer for answer in answers if answer is not Reply.TAKEN]
    if not refused:
        return Reply.TAKEN
    return Reply.LATER if Reply.LATER in refused else refused[0]
