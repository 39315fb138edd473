"""How families of actions wrap the words of their refusals (protocol.md 3, 5.1, 12.4, 12.5)."""

from __future__ import annotations

from numbank import errors
from numbank.wire.encoding import encode
from numbank.wire.registry import Envelope

NO_SERVER = {errors.Unavailable: b"SERVER_ERROR", errors.TooLarge: b"SERVER_ERROR"}


def rent_error(word: str) -> dict[str, object]:
    """The error of a rent action. Clients read the word under different names (protocol.md 12.4, 32)."""
    return {"status": "error", "message": word, "error": word, "msg": word}


# Key and action are refused before anything of rent is known: in plain words, as the document says.
RENT = Envelope(
    lambda word: encode(rent_error(word.decode())),
    words=NO_SERVER,
    plain=frozenset({errors.MissingKey, errors.WrongKey, errors.UnknownAction}),
)

# Clients of mail decode JSON whatever happens, so that even a wrong key is JSON (protocol.md 5.1).
MAIL = Envelope(
    lambda word: encode({"status": "error", "error": word.decode()}),
    words={errors.NoBalance: b"BAD_BALANCE"},
)
