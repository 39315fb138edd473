"""Tells where words begin and end, in scripts that put blanks between words and in those that do not."""

_LONGEST_ENDING = 24
_BEYOND = "\u0e00"  # Thai and what comes after it: few scripts of those put blanks between words


def word_end(shadow: str, at: int) -> int:
    """Where the word ends that `at` is in, at most a long ending further on."""
    last = min(len(shadow), at + _LONGEST_ENDING)
    while at < last and joined(shadow, at):
        at += 1
    return at


def joined(shadow: str, at: int) -> bool:
    """Whether the characters beside `at` are letters of one word, in a script that puts blanks between words."""
    if not 0 < at < len(shadow):
        return False
    before, after = shadow[at - 1], shadow[at]  # asked for every word of a list that a mail has: no call for most
    return (
        before.isalpha()
        and after.isalpha()
        and (before < _BEYOND or _is_spaced(before))
        and (after < _BEYOND or _is_spaced(after))
    )


def _is_spaced(letter: str) -> bool:
    return "\u10a0" <= letter <= "\u10ff" or "\u1e00" <= letter <= "\u1fff"
