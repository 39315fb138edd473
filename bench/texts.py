"""Texts for pushes, as traffic has them: some hundred templates in many languages, fresh codes, and messages that nobody has
ever seen before.
"""

from __future__ import annotations

import tomllib
from itertools import islice
from pathlib import Path
from random import Random
from string import ascii_lowercase

from numbank.codes.memory import Memory
from numbank.codes.rows import all_brands

EXAMPLES = Path(__file__).parents[1] / "tests" / "codes" / "languages"
TEMPLATES = 200
UNSEEN = 0.05
"""The share of messages with words of their own, so that no other has their shape."""
OWN = (
    "Your {name} code: {code}",
    "{code} is your {name} verification code. Do not share it with anyone.",
    "[{name}] {code} is your login code. Valid for 5 minutes.",
)
"""Messages that name the service that was leased."""
SENDERS = ("Verify", "INFO", "AUTHMSG", "32171", "+15550100011", "+447700900123", "NOTICE", "SMS")
LENGTHS = range(5, 9)
PLACE = "{code}"


class Texts:
    """Draws texts with their codes, each read beforehand: whoever is pushed one must find that code in it."""

    def __init__(self, seed: int, service: str) -> None:
        self._chance = Random(seed)
        self._memory = Memory(all_brands())
        self._service = service
        name = all_brands().titles[service]
        templates = [(own.replace("{name}", name), 6) for own in OWN]
        examples = _examples()
        self._chance.shuffle(examples)
        read = (one for one in examples if self._is_read(*one))
        self._templates = [*templates, *islice(read, TEMPLATES - len(templates))]
        self._memory.hits = self._memory.misses = 0

    @property
    def remembered(self) -> float:
        """The share of the texts drawn so far whose shape a bank that got all of them remembers."""
        return self._memory.hits / max(1, self._memory.hits + self._memory.misses)

    def draw(self) -> tuple[str, str, str]:
        """A sender, a text and its code."""
        while True:
            template, length = self._chance.choice(self._templates)
            if self._chance.random() < UNSEEN:
                template = f"{''.join(self._chance.choices(ascii_lowercase, k=8)).title()}, {template}"
            sender, code = self._chance.choice(SENDERS), self._code(length)
            text = template.replace(PLACE, code)
            if self._reads(text, sender, code):
                return sender, text, code

    def _code(self, length: int) -> str:
        return f"{self._chance.randrange(10**length):0{length}}"

    def _is_read(self, template: str, length: int) -> bool:
        return all(
            self._reads(template.replace(PLACE, code), "", code) for code in (self._code(length) for _ in range(3))
        )

    def _reads(self, text: str, sender: str, code: str) -> bool:
        found = self._memory.read(text, sender)
        return found.found.code == code and (not found.services or self._service in found.services)


def _examples() -> list[tuple[str, int]]:
    """The labelled messages whose code is one number, with the length of the code."""
    found: list[tuple[str, int]] = []
    for file in sorted(EXAMPLES.glob("*.toml")):
        for text, code in tomllib.loads(file.read_text("utf-8")).get("code", []):
            if code.isdigit() and len(code) in LENGTHS and text.count(code) == 1 and PLACE not in text:
                found.append((text.replace(code, PLACE), len(code)))
    return found
