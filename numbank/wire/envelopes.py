"""How families of actions wrap the words of their refusals (protocol.md 3, 5.1, 12.4, 12.5)."""

from __future__ import annotations

from numbank import errors
from numbank.wire.encoding import encode
from numbank.wire.registry import Envelope

NO_SERVER: dict[type[errors.Refusal], bytes] = {errors.Unavailable: b"SERVER_ERROR"}


def rent_error(word: str) -> dict[str, object]:
    """The error of a rent action. Clients read the word under different names (protocol.md 12.4, 32)."""
    return {"status": "error", "message": word, "error": word, "msg": word}


# Key and action are refused before anything of rent is known: in plain words, as the document says. A request that is too
# large is not even read that far.
RENT = Envelope(
    lambda word: encode(rent_error(word.decode())),
    words=NO_SERVER,
    plain=frozenset({errors.MissingKey, errors.WrongKey, errors.UnknownAction, errors.TooLarge}),
)

# Clients of mail decode JSON whatever happens, so that even a wrong key is JSON (protocol.md 5.1); what is too large is not
# read far enough to know that it is one of them.
MAIL = Envelope(
    lambda word: encode({"status": "error", "error": word.decode()}),
    # A domain that is sold out is not in getDomains, so it is none for that site; clients know no other word for this.
    words={errors.NoBalance: b"BAD_BALANCE", errors.NoNumbers: b"MAIL_TYPE_ERROR"},
    plain=frozenset({errors.TooLarge}),
)
