"""Known pieces of messages that name a service and may say where its code stands: the package's and the operator's."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import re2

from numbank.codes.plain import Plain
from numbank.codes.services.hints import EXPRESSION, HintError, compile_pattern, options_of

MAX_PER_SERVICE = 50
"""Templates of one service, all countries together."""
MAX_ALL_STEPS = 200_000
"""Steps of all fragments together, some 1,000 of them."""
MAX_ALL_EXPRESSION_STEPS = 20_000
"""Steps of all expressions together: the worst of them take 0.1 s for the worst text."""
TEXT_LIMIT = 2_000
"""Characters of a message in which templates are looked for; a long SMS has a few hundred."""

_MEMORY = 64 << 20


class Template(msgspec.Struct, frozen=True):
    """A pattern of a service, everywhere or in one country, but not in those of `but_not`."""

    service: str
    pattern: str
    country: str = ""
    but_not: frozenset[str] = frozenset()

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
    found = []
    hits = patterns.Match(text) if rows else None  # an empty set must not be asked
    for index in hits or ():
        template = rows[index].template
        if template.is_for(country):
            match = rows[index].expression.search(text)
            groups = match.re.groupindex if match else {}
            start = match.start(groups["code"]) if "code" in groups else None
            found.append(Match(template.service, template.pattern, start if start is not None and start >= 0 else None))
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
        counts[template.service] = counts.get(template.service, 0) + 1
        try:
            compiled = compile_pattern(template.pattern)
        except HintError as error:
            refused.append(_refusal(template, str(error)))
            continue
        room[is_expression] -= compiled.programsize
        if counts[template.service] > MAX_PER_SERVICE:
            refused.append(_refusal(template, f"more than {MAX_PER_SERVICE} templates of one service"))
        elif room[is_expression] < 0:
            refused.append(_refusal(template, "all templates together are too large"))
        else:
            (expressions if is_expression else fragments).append(_Compiled(template, compiled))
    return Templates(tuple(fragments), tuple(expressions), _set_of(fragments), _set_of(expressions)), refused


def _refusal(template: Template, reason: str) -> str:
    return f"template {template.pattern[:60]!r} of {template.service} left out: {reason}"


def _set_of(rows: Sequence[_Compiled]) -> Any:
    patterns = re2.Set.SearchSet(options_of(_MEMORY))
    for row in rows:
        patterns.Add(row.expression.pattern)
    patterns.Compile()
    return patterns
