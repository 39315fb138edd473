"""A message as it is judged: its plain text with cues, sentences, masked stretches and the mark of an app."""

import re
from bisect import bisect_right

import msgspec

from numbank.codes.belongings import disown, unwarned
from numbank.codes.lexicon import NOUNS, Cue, Lexicon
from numbank.codes.masks import Masks, hash_start, is_marked, masks_of
from numbank.codes.plain import Plain

# What ends a sentence. A full stop only with a blank or the end behind it; abbreviations are sorted out afterwards.
_END = re.compile(r"\n|[!?\u3002\u061f\u0964\u17d4]|\.(?=\s|\Z)")

# Of an offer; where letters follow, the sign binds a code to a site.
_PERCENT = re.compile("[0-9] ?[%\u066a](?![A-Za-z])")

_GOVERNORS = NOUNS | {"other", "ask", "join"}


class Reading(msgspec.Struct, frozen=True):
    text: str
    shadow: str
    cues: dict[str, list[Cue]]
    governors: dict[int, Cue]
    """Words that can own the number behind them, by where they end."""
    nouns: list[Cue]
    link_starts: dict[int, int]
    link_ends: dict[int, int]
    breaks: list[int]
    """Where sentences begin, except the first."""
    masks: Masks
    has_hash: bool
    """It ends like messages that a phone hands to its app by itself, or begins like one."""
    has_percent: bool
    """It speaks of a percentage, as offers do."""

    def sentence_at(self, at: int) -> tuple[int, int]:
        """Begin and end of the sentence that `at` is in."""
        index = bisect_right(self.breaks, at)
        begin = self.breaks[index - 1] if index else 0
        return begin, self.breaks[index] if index < len(self.breaks) else len(self.text)

    def has(self, kind: str, begin: int = 0, end: int | None = None) -> bool:
        """Whether a cue of this kind lies between the two places."""
        return self.first(kind, begin, len(self.text) if end is None else end) is not None

    def first(self, kind: str, begin: int, end: int) -> Cue | None:
        cues = self.cues.get(kind, [])
        index = bisect_right(cues, begin - 1, key=_start)
        return cues[index] if index < len(cues) and cues[index].end <= end else None

    def last(self, kind: str, begin: int, end: int) -> Cue | None:
        cues = self.cues.get(kind, [])
        index = bisect_right(cues, end - 1, key=_start) - 1
        return cues[index] if index >= 0 and cues[index].start >= begin else None


def _start(cue: Cue) -> int:
    return cue.start


def read(plain: Plain, lexicon: Lexicon) -> Reading:
    """Everything about the message that the scores of its candidates depend on."""
    masks = masks_of(plain.text)
    found = disown(plain.text, [cue for cue in lexicon.find(plain.shadow) if not masks.cover(cue.start)])
    cues: dict[str, list[Cue]] = {}
    governors: dict[int, Cue] = {}
    for cue in found:
        cues.setdefault(cue.kind, []).append(cue)
        if cue.kind in _GOVERNORS and (cue.end not in governors or cue.start < governors[cue.end].start):
            governors[cue.end] = cue
    for chosen in cues.values():
        chosen.sort(key=_start)  # a noun that became another cue may begin earlier
    links = cues.get("link", [])
    breaks = _sentence_breaks(plain, lexicon)
    cues["elsewhere"] = unwarned(cues.get("elsewhere", []), cues.get("warn", []), breaks)
    return Reading(
        text=plain.text,
        shadow=plain.shadow,
        cues=cues,
        governors=governors,
        nouns=sorted((cue for cue in found if cue.kind in NOUNS), key=_start),
        link_starts={cue.start: cue.end for cue in links},
        link_ends={cue.end: cue.start for cue in links},
        breaks=breaks,
        masks=masks,
        has_hash=_is_for_app(plain.text),
        has_percent=_PERCENT.search(plain.text) is not None,
    )


def _sentence_breaks(plain: Plain, lexicon: Lexicon) -> list[int]:
    breaks = []
    for match in _END.finditer(plain.text):
        if match.group() == ".":
            word = plain.shadow[max(0, match.start() - 8) : match.start()].rpartition(" ")[2]
            if word in lexicon.abbreviations:
                continue
        breaks.append(match.end())
    return breaks


def _is_for_app(text: str) -> bool:
    """Whether the mark is at the beginning, or the hash has the last line for itself."""
    tail = hash_start(text)
    return is_marked(text) or (tail is not None and text[:tail].rstrip(" ").endswith("\n"))
