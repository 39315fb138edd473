"""Tells where words begin and end, in scripts that put blanks between words and in those that do not."""

_LONGEST_ENDING = 24


def word_end(shadow: str, at: int) -> int:
    """Where the word ends that `at` is in, at most a long ending further on."""
    last = min(len(shadow), at + _LONGEST_ENDING)
    while at < last and joined(shadow, at):
        at += 1
    return at


def joined(shadow: str, at: int) -> bool:
    """Whether the characters beside `at` are letters of one word, in a script that puts blanks between words."""
    return 0 < at < len(shadow) and _is_letter(shadow[at - 1]) and _is_letter(shadow[at])


def _is_letter(char: str) -> bool:
    return char.isalpha() and (char < "\u0e00" or "\u10a0" <= char <= "\u10ff" or "\u1e00" <= char <= "\u1fff")
