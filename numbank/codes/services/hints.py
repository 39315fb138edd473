"""What an operator tells about a service, and the language of patterns for messages.

A pattern is a fragment such as "Votre code Acme est {code}" ({any} stands for anything; case, dashes and the number of
blanks do not matter), or `re:` and an RE2 expression for the message in its plain spelling, with a group
(?P<code>...) if it shows a code. All run in RE2, whose time is linear in the text whatever the pattern is; sizes are
bounded, so that the factor is too.
"""

import enum
import re
from typing import Any

import msgspec
import re2

from numbank.codes.plain import normalise, shadow_of, spelled
from numbank.codes.services.name import brand_words

MAX_PATTERN = 500
"""Characters of a pattern."""
MAX_STEPS = 3_000
"""Steps of a compiled fragment: 500 characters of any script."""
MAX_EXPRESSION_STEPS = 500
"""Steps of a compiled expression; counted repeats take many."""
MAX_PLACES = 5
"""Places of a fragment: each is a loop that all texts go through."""
LEAST_LITERAL = 4
"""Letters and digits that a fragment must have besides its places, or it would match everything."""

EXPRESSION = "re:"
# Texts that say nothing: an expression that matches one of them matches nearly every message.
_EMPTY_TEXTS = ("", "482913", "Xqzj vkwx 482913, 482-913.\n")
PLACE = re.compile(r"(\{code\}|\{any\})")
"""The places of a fragment."""
_ANY = ".*?"
_CODE = r"\b(?P<code>[a-z0-9](?:[a-z0-9 ]{0,14}?[a-z0-9])??)\b"
_COUNTRY = re.compile(r"[A-Z]{2}")
_MEMORY = 1 << 20


class HintKind(enum.StrEnum):
    """What an operator can tell about a service."""

    TEMPLATE = "template"
    SENDER = "sender"
    NAME = "name"


class Hint(msgspec.Struct, frozen=True):
    """What an operator tells about a service, everywhere or in one country (ISO 3166, capitals; "" is everywhere).

    Templates replace the package's templates of that service there; a sender or a name belongs to nobody else there.
    """

    service: str
    kind: HintKind
    text: str
    country: str = ""


class HintError(ValueError):
    """A hint that cannot be taken; says why in one line."""


def check_hint(hint: Hint) -> None:
    """HintError, with the reason in one line, for what cannot be taken."""
    if hint.country and not _COUNTRY.fullmatch(hint.country):
        raise HintError(f"{hint.country!r} is no country: expected two capital letters")
    if hint.kind is HintKind.TEMPLATE:
        compile_pattern(hint.text)
        return
    if not 0 < len(hint.text.strip()) <= MAX_PATTERN or not hint.text.isprintable():
        raise HintError(f"a {hint.kind} is printable and has 1 to {MAX_PATTERN} characters")
    if not any(map(str.isalnum, hint.text)):
        raise HintError(f"a {hint.kind} has letters or digits")
    if hint.kind is HintKind.NAME and spelled(hint.text) in brand_words()["never"]:
        raise HintError(f"{hint.text!r} is a word of many messages and no name")


def compile_pattern(pattern: str) -> Any:
    """The expression of a pattern for re2; HintError, with the reason in one line, for one that cannot be used."""
    if not 0 < len(pattern) <= MAX_PATTERN or not pattern.isprintable():
        raise HintError(f"a template is printable and has 1 to {MAX_PATTERN} characters")
    is_expression = pattern.startswith(EXPRESSION)
    source = pattern.removeprefix(EXPRESSION) if is_expression else _of_fragment(pattern, _CODE)
    try:
        compiled = re2.compile(source, options_of(_MEMORY))
    except re2.error as error:
        raise HintError(f"the template does not compile: {_reason(error)}") from error
    if compiled.programsize > (MAX_EXPRESSION_STEPS if is_expression else MAX_STEPS):
        raise HintError("the template is too large: fewer repeats, or smaller ones")
    if set(compiled.groupindex) - {"code"}:
        raise HintError("the only group with a name is (?P<code>...)")
    if is_expression and any(compiled.search(text) is not None for text in _EMPTY_TEXTS):
        raise HintError("the template matches a text that says nothing, so it would match every message")
    return compiled


def filter_of(pattern: str) -> str:
    """An expression for re2 that matches whatever a good pattern does, and more, but is light in a set of many: places of
    codes make such a set slow.
    """
    return pattern.removeprefix(EXPRESSION) if pattern.startswith(EXPRESSION) else _of_fragment(pattern, _ANY)


def _of_fragment(pattern: str, code: str) -> str:
    pieces = PLACE.split(pattern)
    if pieces.count("{code}") > 1:
        raise HintError("a template has one {code} at most")
    if "{" in "".join(pieces[::2]) or "}" in "".join(pieces[::2]):
        raise HintError("the places of a template are {code} and {any}")
    if len(pieces) // 2 > MAX_PLACES:
        raise HintError(f"a template has {MAX_PLACES} places at most")
    plain = [shadow_of(normalise(piece).text) for piece in pieces[::2]]
    if sum(map(str.isalnum, "".join(plain))) < LEAST_LITERAL:
        raise HintError(f"a template has at least {LEAST_LITERAL} letters or digits of its own")
    written = [" +".join(map(re2.escape, piece.split(" "))) for piece in plain]
    places = [code if place == "{code}" else _ANY for place in pieces[1::2]]
    return "".join(part for pair in zip(written, [*places, ""], strict=True) for part in pair)


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return (first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)) or "unknown reason"


def options_of(max_mem: int) -> Any:
    """Options of re2 with so many bytes of memory."""
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    return options
