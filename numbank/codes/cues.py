"""What a cue is: a word at a place of a text, of one or several kinds.

The data files have lists of words by kind; a leading or trailing `*` lets the word continue on that side:

    strong     nouns that can only mean a one-time code: "verification code"
    weak       nouns that may mean one: "code", "PIN"
    other      words that own the number behind them: "promo code", "order", "room", prepositions
    unit       words that own the number before them: "minutes"
    currency   words that make the number beside them an amount
    link       words between a noun and its number: "is"
    topic      of these, the ones that a code can be for: "your OTP for the transaction is"
    general    of the strong nouns, the ones that couriers and meetings use as well: "OTP"
    bare       of the weak nouns, the ones that an unknown word before them turns into another code: "barrier code"
    plain      words that may stand before a bare noun without doing so: "this"
    holder     what a code belongs to that is no account, before or behind the noun: "gate code", "code for the gate"
    label      the same before the noun only, and only before weak ones: "employee code"
    void       says that a code is no good, before the noun or behind the number: "invalid", "has expired"
    elsewhere  where or to whom a code is told that no log-in asks for: "to the courier", "meeting"
    ask        verbs before or behind a code, if the sentence has a purpose or a noun too: "enter"
    join       what one does with a code, before it or behind it, nothing more needed: "register", "sign in with"
    purpose    what a code is good for: "to log in"
    account    of these, the ones of an account, so that the code is for no door and no courier: "to log in"
    warn       begins a warning; the nouns behind it have no number: "never share"
    fresh      says how long something is good: "valid"
    money      the message may be about a payment
    promo      the message may be an advertisement
    month      names of months
    contact    what is verified when it is added: "phone", "email"; a code alone in its sentence then is one
    abbreviation   words whose full stop ends no sentence
"""

import functools

import msgspec

NOUNS = frozenset({"strong", "weak"})
KINDS = (
    "other",  # first: of a word that is several of the first three, the first counts
    "strong",
    "weak",
    "unit",
    "currency",
    "link",
    "topic",
    "general",
    "bare",
    "plain",
    "holder",
    "label",
    "void",
    "elsewhere",
    "ask",
    "join",
    "purpose",
    "account",
    "warn",
    "fresh",
    "money",
    "promo",
    "month",
    "contact",
    "abbreviation",
)
RIVALS = NOUNS | {"other"}  # of these only the longest counts: the "code" in "promo code" is no code

BITS = {kind: 1 << number for number, kind in enumerate(KINDS)}
"""A mark is an integer: the bits of a word's kinds, and the two of its open sides."""

OPEN_LEFT, OPEN_RIGHT = 1 << len(KINDS), 2 << len(KINDS)


class Cue(msgspec.Struct, frozen=True):
    """A cue word at a place of the text."""

    kind: str
    start: int
    end: int
    is_stem: bool = False
    """Its word may go on at a side, so it may be a part of a name."""


class Word(msgspec.Struct, frozen=True):
    """What several words have in common."""

    kinds: tuple[str, ...]
    open_left: bool
    open_right: bool
    is_noun: bool
    meanings: tuple[tuple[int, int], ...] = ()
    """Of a short word, which several languages have by chance, what it is in which: marks and languages."""


@functools.cache
def word_of(mark: int) -> Word:
    """There are a few hundred different marks."""
    kinds = tuple(kind for kind, bit in BITS.items() if mark & bit)
    rivals = [kind for kind in kinds if kind in RIVALS]
    kept = tuple(kind for kind in kinds if kind not in rivals[1:])
    return Word(kept, bool(mark & OPEN_LEFT), bool(mark & OPEN_RIGHT), not NOUNS.isdisjoint(kept))
