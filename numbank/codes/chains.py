"""Says what numbers that stand one sign apart may mean: a code in groups, one said twice, or one beside a small number."""

from collections.abc import Iterator

MIN_LENGTH, MAX_LENGTH = 4, 10

_ONE_BY_ONE = range(4, 9)
_GROUPINGS = {(3, 3), (4, 4), (2, 2, 2), (2, 2, 2, 2)}
_ODD_LENGTHS = range(5, 10)
_SHORTEST_PHONE = 10
_MOST_GROUPS = 4  # of groups that are not all of one digit

Span = tuple[int, int]


def continues(text: str, chain: list[Span], start: int, behind: int) -> bool:
    """Whether the number from `start` to `behind` is one sign after the chain, and the chain has used the same so far.

    A full stop counts between single digits only: "4.8.2.9". What other signs join to more digits is a date or an amount.
    """
    end = chain[-1][1]
    if start - end != 1 or text[end] not in " -.":
        return False
    if text[end] == "." and not (end - chain[-1][0] == 1 and behind - start == 1):
        return False
    goes_on = text[behind : behind + 1]
    if goes_on == "," and behind - start == end - chain[-1][0]:
        goes_on = ""  # "482 913,5 minutes"
    if goes_on and goes_on in ".,:/'-" and goes_on != text[end] and text[behind + 1 : behind + 2].isdigit():
        return False
    return len(chain) == 1 or text[chain[0][1]] == text[end]


def meanings(text: str, chain: list[Span]) -> Iterator[tuple[str, int, int, bool]]:
    """The codes that a chain may mean, with their places; the last value says that only a noun before it proves it."""
    groups = [text[start:end] for start, end in chain]
    sizes = tuple(map(len, groups))
    sign = text[chain[0][1]] if len(chain) > 1 else ""
    first, last = chain[0][0], chain[-1][1]
    if len(groups) == 1:
        if MIN_LENGTH <= sizes[0] <= MAX_LENGTH:
            yield groups[0], first, last, False
        return
    said = _said(groups, sizes)
    if sign == "-" and text[last : last + 1] == "-" and not text[last + 1 : last + 2].isalpha():
        return  # the beginning of something longer; letters behind the dash may be the ending of a case
    if said:
        yield said, first, last, sign == "."
    elif sign != ".":
        beside = list(_beside_small(text, chain, groups))
        yield from beside
        if _is_odd(sizes):
            yield "".join(groups), first, last, True
        elif not beside and len(groups) == 2 and sign == " " and not _is_phone(groups):
            for group, (start, end) in zip(groups, chain, strict=True):
                if MIN_LENGTH <= len(group) <= MAX_LENGTH:
                    yield group, start, end, False


def _said(groups: list[str], sizes: tuple[int, ...]) -> str | None:
    """The code that all groups together are: in groups that codes are written in, or said two or three times."""
    if len(groups) <= 3 and 4 < sizes[0] <= MAX_LENGTH and len(set(groups)) == 1:
        return groups[0]
    if sizes in _GROUPINGS or (len(sizes) in _ONE_BY_ONE and max(sizes) == 1):
        return "".join(groups)
    half = len(groups) // 2
    is_twice = len(groups) % 2 == 0 and groups[:half] == groups[half:]
    return _said(groups[:half], sizes[:half]) if is_twice and half > 1 else None


def _is_phone(groups: list[str]) -> bool:
    """ "07700 900481"."""
    return groups[0][0] == "0" and len("".join(groups)) >= _SHORTEST_PHONE


def _is_odd(sizes: tuple[int, ...]) -> bool:
    """Groups that no code is usually written in; not with a short one at the end, which mostly begins a date or a time."""
    return (
        sizes[-1] > 2
        and len(sizes) <= _MOST_GROUPS
        and min(sizes) > 1
        and max(sizes) <= 4
        and sum(sizes) in _ODD_LENGTHS
    )


def _beside_small(text: str, chain: list[Span], groups: list[str]) -> Iterator[tuple[str, int, int, bool]]:
    """A code before or behind a number of one or two digits, which counts something else: "482 913 5 minutes"."""
    if text[chain[0][1]] != " ":
        return
    for kept, small in ((slice(0, -1), -1), (slice(1, None), 0)):
        rest, places = groups[kept], chain[kept]
        if len(groups[small]) > 2 or all(len(group) == len(groups[small]) for group in rest):
            continue  # one group more of the same
        sizes = tuple(map(len, rest))
        code = rest[0] if len(rest) == 1 and MIN_LENGTH <= sizes[0] <= MAX_LENGTH else _said(rest, sizes)
        if code:
            yield code, places[0][0], places[-1][1], False
            return
