"""A message as it is judged: its plain text with cues, sentences, masked stretches and the mark of an app."""

import re
from bisect import bisect_left, bisect_right

import msgspec

from numbank.codes.belongings import disown, unwarned
from numbank.codes.cues import NOUNS, Cue
from numbank.codes.finding import Lexicon
from numbank.codes.masks import Masks, hash_start, is_marked, masks_of
from numbank.codes.plain import Plain

# What ends a sentence. A full stop only with a blank or the end behind it; abbreviations are sorted out afterwards.
_END = re.compile(
    "[\n!?\u3002\uff61\u061f\u06d4\u0964\u0965\u17d4\u17d5\u104a\u104b\u0589\u1362\u1367\u1368\u0f0d\u0f0e\u0df4]"
    r"|\.(?=\s|\Z)"
)

# Of an offer: a percentage (where letters follow, the sign binds a code to a site), or what is dialled to subscribe.
_PERCENT = re.compile(r"[0-9] ?[%\u066a](?![A-Za-z])|\*[0-9*]{2,24}#")

_LAST_LATIN = "\u024f"
_SHORTEST_NAME = 4
_CAMEL = re.compile("[a-z][A-Z]")

_GOVERNORS = NOUNS | {"other", "ask", "join"}


class Reading(msgspec.Struct, frozen=True):
    text: str
    shadow: str
    cues: dict[str, list[Cue]]
    governors: dict[int, Cue]
    """Words that can own the number behind them, by where they end."""
    nouns: list[Cue]
    noun_starts: frozenset[int]
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

    def before(self, begin: int) -> int:
        """Where the sentence before the one that begins there begins; empty lines are none."""
        while begin > 0:
            end, begin = begin, self.sentence_at(begin - 1)[0]
            if begin == 0 or not self.text[begin:end].isspace():
                break
        return begin

    def has(self, kind: str, begin: int = 0, end: int | None = None) -> bool:
        """Whether a cue of this kind lies between the two places."""
        return self.first(kind, begin, len(self.text) if end is None else end) is not None

    def first(self, kind: str, begin: int, end: int) -> Cue | None:
        cues = self.cues.get(kind)
        if not cues:
            return None
        index = bisect_right(cues, begin - 1, key=_start)
        return cues[index] if index < len(cues) and cues[index].end <= end else None

    def starts(self, kind: str, at: int) -> bool:
        """Whether a cue of this kind begins there."""
        cues = self.cues[kind]
        index = bisect_left(cues, at, key=_start)
        return index < len(cues) and cues[index].start == at

    def last(self, kind: str, begin: int, end: int) -> Cue | None:
        cues = self.cues.get(kind)
        if not cues:
            return None
        index = bisect_right(cues, end - 1, key=_start) - 1
        if index < 0 or cues[index].start < begin:
            return None
        last = cues[index]
        while index and cues[index - 1].start == last.start:  # of those that begin together the longest
            index -= 1
            if last.end < cues[index].end <= end:
                last = cues[index]
        return last


def _rank(cue: Cue) -> tuple[bool, int]:
    """Of words that end at one place the longest owns, but nouns before verbs and prepositions."""
    return cue.kind not in NOUNS, cue.start


def _start(cue: Cue) -> int:
    return cue.start


def read(plain: Plain, lexicon: Lexicon) -> Reading:
    """Everything about the message that the scores of its candidates depend on."""
    masks = masks_of(plain.text)
    found = disown(plain.text, _without_names(plain.text, lexicon.find(plain.shadow), masks))
    cues: dict[str, list[Cue]] = {}
    governors: dict[int, Cue] = {}
    for cue in found:
        cues.setdefault(cue.kind, []).append(cue)
        if cue.kind in _GOVERNORS:
            owner = governors.get(cue.end)
            if owner is None or _rank(cue) < _rank(owner):
                governors[cue.end] = cue
    for chosen in cues.values():
        chosen.sort(key=_start)  # a noun that became another cue may begin earlier
    nouns = sorted((cue for cue in found if cue.kind in NOUNS), key=_start)
    for cue in (*cues.get("ask", ()), *cues.get("join", ())):
        index = bisect_right(nouns, cue.start, key=_start) - 1
        if index >= 0 and cue.end <= nouns[index].end and governors.get(cue.end) is cue:
            del governors[cue.end]  # the "verification" of "verification code"
    links = cues.get("link", [])
    for link in links:
        other = governors.get(link.end)
        if other is not None and other.kind == "other" and link.start < other.start:
            del governors[link.end]  # the "from" of "consists from"
    breaks = _sentence_breaks(plain, lexicon)
    cues["elsewhere"] = unwarned(cues.get("elsewhere", []), cues.get("warn", []), breaks)
    return Reading(
        text=plain.text,
        shadow=plain.shadow,
        cues=cues,
        governors=governors,
        nouns=nouns,
        noun_starts=frozenset(noun.start for noun in nouns),
        link_starts={cue.start: cue.end for cue in links},
        link_ends={cue.end: cue.start for cue in links},
        breaks=breaks,
        masks=masks,
        has_hash=_is_for_app(plain.text),
        has_percent=has_percent(plain.text),
    )


def _without_names(text: str, cues: list[Cue], masks: Masks) -> list[Cue]:
    """The cues outside masks that are no parts of names: of "BonusLink", or of "Packeta" in a Russian message."""
    nouns = [cue.start for cue in cues if cue.kind in NOUNS]
    is_foreign = bool(nouns) and all(text[start] > _LAST_LATIN for start in nouns)
    kept = []
    for cue in cues:
        if (is_foreign or cue.is_stem) and cue.kind not in NOUNS and text[cue.start].isupper():
            word = text[cue.start : cue.end]
            if cue.is_stem and _CAMEL.search(word):
                continue
            if is_foreign and len(word) > _SHORTEST_NAME and word.isascii() and word.istitle() and word.isalpha():
                continue
        if not masks.spans or not masks.cover(cue.start):
            kept.append(cue)
    return kept


def _sentence_breaks(plain: Plain, lexicon: Lexicon) -> list[int]:
    breaks = []
    for match in _END.finditer(plain.text):
        if match.group() == ".":
            word = plain.shadow[max(0, match.start() - 8) : match.start()].rpartition(" ")[2]
            if word in lexicon.abbreviations:
                continue
        breaks.append(match.end())
    return breaks


def has_percent(text: str) -> bool:
    """Whether the text speaks of a percentage or of what is dialled to subscribe."""
    return _PERCENT.search(text) is not None


def _is_for_app(text: str) -> bool:
    """Whether the mark is at the beginning, or the hash has the last line for itself."""
    tail = hash_start(text)
    return is_marked(text) or (tail is not None and text[:tail].rstrip(" ").endswith("\n"))
