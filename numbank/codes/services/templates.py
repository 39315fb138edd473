"""Known pieces of messages that name a service and may say where its code stands: the package's and the operator's."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import re2

from numbank.codes.plain import Plain
from numbank.codes.services.hints import EXPRESSION, HintError, compile_pattern, filter_of, options_of

MAX_PER_SERVICE = 50
"""Templates of one service that an operator can add, all countries together."""
MAX_ALL_STEPS = 100_000
"""Steps of all fragments together, some 3,000 of them: they take 1 ms, the worst of them 0.5 s for the worst text."""
MAX_ALL_EXPRESSION_STEPS = 4_000
"""Steps of all expressions together: the worst of them take 0.1 s for the worst text."""
TEXT_LIMIT = 1_000
"""Characters of a message in which templates are looked for; a long SMS has a few hundred."""
MOST_MATCHES = 20
"""Templates that are looked at in one message: it has one, or two."""

_MEMORY = 64 << 20


class Template(msgspec.Struct, frozen=True):
    """A pattern of a service, everywhere or in one country, but not in those of `but_not`; the package's own `is_known`."""

    service: str
    pattern: str
    country: str = ""
    but_not: frozenset[str] = frozenset()
    is_known: bool = False

    def is_for(self, country: str) -> bool:
        """Whether it counts for a number of this country; "" is an unknown one."""
        return self.country in ("", country) and country not in self.but_not


class Match(msgspec.Struct, frozen=True):
    """A template that a message has. `code_start`: where its code begins in the plain text, None if it shows none."""

    service: str
    pattern: str
    code_start: int | None


class _Compiled(msgspec.Struct, frozen=True):
    template: Template
    expression: Any
    """Of re2, which has no types."""
    filter: str
    """What finds it among others."""


class Templates(msgspec.Struct, frozen=True):
    """Templates, ready for one pass over a message."""

    fragments: tuple[_Compiled, ...]
    expressions: tuple[_Compiled, ...]
    fragment_set: Any
    expression_set: Any

    def find(self, plain: Plain, country: str = "") -> list[Match]:
        """The templates of a message to a number of this country, operators' and the package's alike."""
        found = _matches(self.fragments, self.fragment_set, plain.shadow[:TEXT_LIMIT], country)
        return found + _matches(self.expressions, self.expression_set, plain.text[:TEXT_LIMIT], country)


def _matches(rows: tuple[_Compiled, ...], patterns: Any, text: str, country: str) -> list[Match]:
    hits = patterns.Match(text) if rows else None  # an empty set must not be asked
    found: list[Match] = []
    if not hits:
        return found
    here = [rows[index] for index in hits if rows[index].template.is_for(country)]
    for row in here[:MOST_MATCHES]:
        if match := row.expression.search(text):
            group = row.expression.groupindex.get("code")
            start = match.start(group) if group else -1
            found.append(Match(row.template.service, row.template.pattern, start if start >= 0 else None))
    return found


def compile_templates(templates: Iterable[Template]) -> tuple[Templates, list[str]]:
    """The templates that can be used, and one line for each that cannot."""
    fragments: list[_Compiled] = []
    expressions: list[_Compiled] = []
    refused: list[str] = []
    counts: dict[str, int] = {}
    room = {True: MAX_ALL_EXPRESSION_STEPS, False: MAX_ALL_STEPS}
    for template in templates:
        is_expression = template.pattern.startswith(EXPRESSION)
        counts[template.service] = counts.get(template.service, 0) + (not template.is_known)
        try:
            compiled = _Compiled(template, compile_pattern(template.pattern), filter_of(template.pattern))
        except HintError as error:
            refused.append(_refusal(template, str(error)))
            continue
        room[is_expression] -= re2.compile(compiled.filter, options_of(_MEMORY)).programsize
        if counts[template.service] > MAX_PER_SERVICE:
            refused.append(_refusal(template, f"more than {MAX_PER_SERVICE} templates of one service"))
        elif room[is_expression] < 0:
            refused.append(_refusal(template, "all templates together are too large"))
        else:
            (expressions if is_expression else fragments).append(compiled)
    return Templates(tuple(fragments), tuple(expressions), _set_of(fragments), _set_of(expressions)), refused


def _refusal(template: Template, reason: str) -> str:
    return f"template {template.pattern[:60]!r} of {template.service} left out: {reason}"


def _set_of(rows: Sequence[_Compiled]) -> Any:
    patterns = re2.Set.SearchSet(options_of(_MEMORY))
    for row in rows:
        patterns.Add(row.filter)
    patterns.Compile()
    return patterns
