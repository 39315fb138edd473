"""Where a code stands in a text: as stretches, so that the same places of another text give that one's code."""

Places = tuple[tuple[int, int], ...]
"""Begin and end of each stretch."""

_PARTS = frozenset(" -.")  # between the groups of a code


def places_of(code: str, text: str) -> Places | None:
    """Where the code stands, with whole numbers only; None if it does not."""
    at = text.find(code[0])
    while at >= 0:
        if not (code[0].isdigit() and text[at - 1 : at].isdigit()):
            places = _from(code, text, at)
            if places is not None:
                return places
        at = text.find(code[0], at + 1)
    return None


def code_at(places: Places, text: str) -> str:
    """What stands at these places of a text."""
    if len(places) == 1:
        return text[slice(*places[0])]
    return "".join(text[begin:end] for begin, end in places)


def _from(code: str, text: str, at: int) -> Places | None:
    places: list[tuple[int, int]] = []
    begin = at
    for sign in code:
        found = text[at : at + 1]
        if found != sign:
            if found not in _PARTS or at == begin:
                return None
            places.append((begin, at))
            at = begin = at + 1
            if text[at : at + 1] != sign:
                return None
        at += 1
    if code[-1].isdigit() and text[at : at + 1].isdigit():
        return None
    return (*places, (begin, at))
