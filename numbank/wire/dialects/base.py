"""What a dialect is: its paths, the word of every refusal, and the actions that differ from the base."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from numbank.errors import Refusal
from numbank.wire.registry import Action

Word = bytes | Callable[[Refusal], bytes]


class Dialect(msgspec.Struct, frozen=True):
    """`words` by class of refusal; `overrides` by (action, class) where one action says it differently;
    `shown` is how the docs print the words that carry a value."""

    name: str
    paths: tuple[str, ...]
    actions: Mapping[str, Action]
    words: Mapping[type[Refusal], Word]
    shown: Mapping[type[Refusal], str]
    overrides: Mapping[tuple[str, type[Refusal]], Word] = {}

    def word(self, action_name: str, refusal: Refusal) -> bytes:
        """The word of a refusal; every class is in the table (a test sees to it), a subclass may share its parent's."""
        kind = type(refusal)
        for ancestor in kind.__mro__:
            word = self.overrides.get((action_name, ancestor)) or self.words.get(ancestor)
            if word is not None:
                return word(refusal) if callable(word) else word
        raise LookupError(f"{kind.__name__} has no word in {self.name}")
