"""Counts how often what was read is what should have been read; by kind of message and by language."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from msgspec import UNSET

from numbank.codes.rows import Answer, Row, owners_of
from numbank.codes.services.names import key_of

COLUMNS = ("of", "", "there", "right", "wrong", "missed", "absent", "invented")
MOST_NAMED = 5
"""Unknown services that are named."""

RIGHT, WRONG, MISSED, NOTHING, INVENTED = "right", "wrong", "missed", "nothing", "invented"


class Rates:
    """Adds up rows with their answers. What a row does not say (no `expected`, no `link`, no `service`) is not counted,
    nor a service that nobody knows: those are in `unknown`.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.unknown: Counter[str] = Counter()

    def add(self, row: Row, answer: Answer) -> None:
        """Count a row."""
        if row.expected is not UNSET:
            outcome = outcome_of(row.expected, answer.code)
            self._counts[f"{row.kind} code", "all"][outcome] += 1
            if row.lang:
                self._counts[f"{row.kind} code", row.lang][outcome] += 1
        if row.kind == "email" and (row.link is not UNSET or row.expected is None):
            self._counts["email link", "all"][outcome_of(row.link or None, answer.link)] += 1
        if row.service is UNSET:
            return
        if row.service and not owners_of(row.service):
            self.unknown[row.service] += 1
        else:
            self._counts[f"{row.kind} service", "all"][_of_service(row.service or None, answer)] += 1

    def lines(self) -> Iterator[str]:
        """A table: all of a kind, then its languages, those with the most codes first."""
        rows = sorted(
            self._counts.items(), key=lambda item: (item[0][0], item[0][1] != "all", -_there(item[1]), item[0][1])
        )
        table = [COLUMNS, *(_row(of, language, counts) for (of, language), counts in rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for cells in table:
            yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        if self.unknown:
            named = ", ".join(repr(service) for service, _ in self.unknown.most_common(MOST_NAMED))
            more = ", ..." if len(self.unknown) > MOST_NAMED else ""
            yield f"not counted, no known code, name or site of a service: {named}{more} (lines: {self.unknown.total()})"


def outcome_of(expected: str | None, got: str | None) -> str:
    """How an answer compares with what it should be."""
    if expected is None:
        return INVENTED if got else NOTHING
    return MISSED if not got else RIGHT if got == expected else WRONG


def _of_service(expected: str | None, answer: Answer) -> str:
    """A service is named by its code or by its name, however that is spelt."""
    if expected is None or answer.service_name is None:
        return outcome_of(expected, answer.service_name)
    same = key_of(expected) == key_of(answer.service_name)
    return RIGHT if same or answer.service in owners_of(expected) else WRONG


def _there(counts: Counter[str]) -> int:
    return counts[RIGHT] + counts[WRONG] + counts[MISSED]


def _row(of: str, language: str, counts: Counter[str]) -> tuple[str, ...]:
    there = _there(counts)
    absent = counts.total() - there
    shares = (f"{counts[name]} = {counts[name] / there:.1%}" if there else "-" for name in (RIGHT, WRONG, MISSED))
    invented = f"{counts[INVENTED]} = {counts[INVENTED] / absent:.1%}" if absent else "-"
    return (of, language, str(there), *shares, str(absent), invented)
