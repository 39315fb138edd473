"""What a dialect is: its paths, the word of every refusal, and the actions that differ from the base."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from numbank.errors import Refusal
from numbank.wire.registry import Action

Word = bytes | Callable[[Refusal], bytes]


class Dialect(msgspec.Struct, frozen=True, eq=False):
    """`words` by class of refusal; `overrides` by (action, class) where one action says it differently;
    `shown` is how the docs print the words that carry a value, in the language of `wire/shapes.py`; `parent` is the
    dialect that it differs from, None for the base; `notes` are sentences about the difference for the docs."""

    name: str
    paths: tuple[str, ...]
    actions: Mapping[str, Action]
    words: Mapping[type[Refusal], Word]
    shown: Mapping[type[Refusal], str]
    overrides: Mapping[tuple[str, type[Refusal]], Word] = {}
    parent: Dialect | None = None
    notes: tuple[str, ...] = ()

    def derive(
        self,
        *,
        name: str,
        paths: tuple[str, ...],
        actions: Mapping[str, Action],
        words: Mapping[type[Refusal], Word],
        overrides: Mapping[tuple[str, type[Refusal]], Word],
        notes: tuple[str, ...] = (),
    ) -> Dialect:
        """A dialect that is this one but for what is given. Actions that are registered later show in both."""
        return Dialect(
            name,
            paths,
            ChainMap(dict(actions), cast(dict[str, Action], self.actions)),
            {**self.words, **words},
            self.shown,
            {**self.overrides, **overrides},
            parent=self,
            notes=notes,
        )

    def word(self, action_name: str, refusal: Refusal) -> bytes:
        """The word of a refusal, in the envelope of its action if that has one."""
        word, wrap = self._found(action_name, type(refusal))
        return wrap(word(refusal) if callable(word) else word)

    def shape(self, action_name: str, kind: type[Refusal]) -> str:
        """The word of a kind of refusal as the docs print it, in the language of `wire/shapes.py`."""
        word, wrap = self._found(action_name, kind)
        return wrap(self.shown[kind].encode() if callable(word) else word).decode()

    def _found(self, action_name: str, kind: type[Refusal]) -> tuple[Word, Callable[[bytes], bytes]]:
        """The word and what wraps it. Every class is in the table (a test sees to it), a subclass may share its parent's."""
        action = self.actions.get(action_name)
        envelope = action.envelope if action is not None else None
        for ancestor in kind.__mro__:
            word = self.overrides.get((action_name, ancestor))
            if word is None and envelope is not None:
                word = envelope.words.get(ancestor)
            if word is None:
                word = self.words.get(ancestor)
            if word is not None:
                wrapped = envelope is not None and ancestor not in envelope.plain
                return word, _in(envelope.wrap) if envelope is not None and wrapped else _bare
        raise LookupError(f"{kind.__name__} has no word in {self.name}")


def _bare(word: bytes) -> bytes:
    return word


def _in(wrap: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Wraps a word that is not JSON already."""
    return lambda word: word if word[:1] in b"{[" else wrap(word)
