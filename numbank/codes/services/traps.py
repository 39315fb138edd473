"""Finds hints that an operator would regret: templates of everybody's messages, names that are just words."""

import re

from numbank.codes.cues import NOUNS
from numbank.codes.lexicon import lexicon
from numbank.codes.plain import normalise, shadow_of, spelled
from numbank.codes.reading import Reading, read
from numbank.codes.services.hints import EXPRESSION, PLACE, Hint, HintKind, compile_pattern
from numbank.codes.services.name import brand_words, key_of

LEAST_LETTERS = 5
"""Letters and digits of its own that a template must have; signs of scripts that write words in one or two count twice."""

_WIDE = "\u2e80"  # from here on a sign is a syllable or a word
_WORD = re.compile(r"\w+")
_BLANKS = re.compile(r" {2,}")
_SHORTEST_NAME = 2
# Kinds of cues that no service is called; others, as `topic`, hold names.
_SAID_BY_ALL = (*sorted(NOUNS), "plain", "link", "ask", "warn", "fresh", "contact", "unit")
# What anybody's message says: a template that matches one of them matches thousands of services' messages.
_ANYBODYS = (
    "Your code is 482913",
    "Your code: 482913",
    "Your verification code is 482913.",
    "482913 is your verification code",
    "Use 482913 to verify your account",
    "Your OTP is 482913. Do not share it with anyone.",
    "\u60a8\u7684\u9a8c\u8bc1\u7801\u662f482913",  # Chinese and Japanese: your code is 482913
    "\u9a8c\u8bc1\u7801\uff1a482913\uff0c5\u5206\u949f\u5185\u6709\u6548",
    "\u8a8d\u8a3c\u30b3\u30fc\u30c9\u306f482913\u3067\u3059",
)


def trap_of(hint: Hint) -> str | None:
    """Why a hint that could be used should not be, in one line; None for a good one."""
    if hint.service in brand_words()["no_service"]:
        return f"{hint.service} is no service of its own: its messages are those of others"
    return _of_template(hint.text) if hint.kind is HintKind.TEMPLATE else _of_name(hint)


def same_hint(hint: Hint) -> tuple[str, HintKind, str, str]:
    """What two hints have in common that recognition cannot tell apart."""
    if hint.kind is HintKind.SENDER:
        text = key_of(hint.text)
    elif hint.kind is HintKind.NAME:
        text = spelled(hint.text)
    elif hint.text.startswith(EXPRESSION):
        text = hint.text
    else:
        pieces = (one if PLACE.fullmatch(one) else shadow_of(normalise(one).text) for one in PLACE.split(hint.text))
        text = _BLANKS.sub(" ", "".join(pieces))
    return hint.service, hint.kind, hint.country, text


def _of_template(text: str) -> str | None:
    compiled = compile_pattern(text)
    is_expression = text.startswith(EXPRESSION)
    for one in _ANYBODYS:
        plain = normalise(one)
        if compiled.search(plain.text if is_expression else plain.shadow):
            return f"the template matches messages of many services, such as {one!r}"
    if is_expression:
        return None
    own = " ".join(PLACE.sub("\n", text).split())
    if sum(1 + (one >= _WIDE) for one in own if one.isalnum()) < LEAST_LETTERS:
        return (
            f"a template has at least {LEAST_LETTERS} letters of its own, or it would match messages of many services"
        )
    if _is_everybodys(PLACE.sub("\n", text)):
        return "the template has only words that messages of many services have: add one that only this service writes"
    return None


def _of_name(hint: Hint) -> str | None:
    name, key = spelled(hint.text), key_of(hint.text)
    if len(key) < _SHORTEST_NAME:
        return f"{hint.text!r} is too short for a {hint.kind}"
    if hint.kind is HintKind.NAME and not any(map(str.isalpha, key)):
        return f"{hint.text!r} has no letters: digits are a sender at most"
    is_word = len(_WORD.findall(name)) == 1 or not NOUNS.isdisjoint(read(normalise(hint.text), lexicon()).cues)
    if name in brand_words()["never"] or key in brand_words()["never"] or (is_word and _is_everybodys(hint.text)):
        return f"{hint.text!r} is a word of many messages and no {hint.kind}"
    return None


def _is_everybodys(text: str) -> bool:
    """Whether a text has words, and all of them are such as any service's message has."""
    plain = normalise(text)
    reading = read(plain, lexicon())
    words = list(_WORD.finditer(reading.shadow))
    return bool(words) and all(_is_said_by_all(reading, *word.span()) for word in words)


def _is_said_by_all(reading: Reading, start: int, end: int) -> bool:
    if reading.shadow[start:end] in brand_words()["never"]:
        return True
    return any(cue.start <= start and end <= cue.end for kind in _SAID_BY_ALL for cue in reading.cues.get(kind, ()))
