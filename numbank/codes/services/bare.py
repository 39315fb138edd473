"""Weighs a name that just stands somewhere in a message, which may tell of a shop, of help, of a channel."""

import functools
import re
from collections.abc import Sequence

from numbank.codes.reading import Reading
from numbank.codes.services.mentions import Mention
from numbank.codes.services.name import brand_words
from numbank.codes.services.phrases import LEADERS, PAUSE, goes_on_as_other, is_mere_word, word_behind

MENTION, FAINT = 0.75, 0.55
"""What a name is worth that just occurs: clearly one of the message, and perhaps one."""

_MOST_WITH_MONEY = 8
_LONGEST_GREETING = 30
_CHANNEL_REACH = 120
_MAIL_HEAD = 600
"""Characters of a mail in which a bare name counts: footers are full of the names of others."""


def worth(reading: Reading, mention: Mention, bare: float, *, is_mail: bool) -> float:
    """What a name is worth that stands somewhere in the text, `bare` at most; 0: nothing."""
    name, written = mention.name, reading.text[mention.start : mention.end]
    if not bare or (is_mail and mention.start > _MAIL_HEAD) or is_channel(reading, mention):
        return 0.0
    if name.is_distinctive and not written.islower():
        is_head = not is_mail or "\n" not in reading.text[: mention.start]
        return bare if is_head and _is_at_code(reading, mention) else min(bare, FAINT)
    if not name.is_chosen or (written.islower() and not name.is_distinctive):
        return 0.0
    if _is_greeted(reading, mention):
        return bare
    if not name.is_distinctive and _is_by_account(reading, mention) and not is_mere_word(reading, mention):
        return FAINT
    is_word = name.is_everyday and not (name.is_capitals and written.isupper() and not _is_loud(reading.text))
    return FAINT if reading.nouns and not is_word else 0.0


def _is_greeted(reading: Reading, mention: Mention) -> bool:
    """Whether one is welcome there, or is thanked: "Welcome to X!"; not "Welcome to X Street"."""
    start = mention.start
    ahead = reading.shadow[max(0, start - _LONGEST_GREETING) : start]
    return ahead.endswith(tuple(brand_words()["greetings"])) and not goes_on_as_other(reading, mention)


def is_payment(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Whether the message is about money: then it may name the shop where a card was used. Not what is part of a name, and
    no "account" that codes are for as well.
    """
    topics = {(cue.start, cue.end) for cue in reading.cues.get("topic", [])}
    # An account that one logs in to is none of a bank.
    kinds = ("currency",) if reading.has("account") else ("money", "currency")
    cues = [cue for kind in kinds for cue in reading.cues.get(kind, ())]
    return any(
        (cue.start, cue.end) not in topics
        and not any(mention.start <= cue.start < mention.end for mention in mentions[:_MOST_WITH_MONEY])
        for cue in cues
    )


def is_channel(reading: Reading, mention: Mention) -> bool:
    """Whether the sentence before the name says that one can follow, write or download there."""
    begin = max(reading.sentence_at(mention.start)[0], mention.start - _CHANNEL_REACH)
    return _channel().search(reading.shadow[begin : mention.start]) is not None


@functools.cache
def _channel() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(brand_words()["channel"]))))


def _is_at_code(reading: Reading, mention: Mention) -> bool:
    """Whether a name stands in a clause about the code, or before all such, and not in a warning: what follows the code
    tells of help, of partners, of swindlers.
    """
    begin, end = reading.sentence_at(mention.start)
    if reading.has("warn", begin, mention.start):
        return False
    if not reading.nouns or mention.start < reading.nouns[0].start:
        return True
    begin = max((match.end() for match in PAUSE.finditer(reading.text, begin, mention.start)), default=begin)
    pause = PAUSE.search(reading.text, mention.end, end)
    return any(reading.has(kind, begin, pause.start() if pause else end) for kind in LEADERS)


def _is_by_account(reading: Reading, mention: Mention) -> bool:
    """Whether a word such as "account" stands directly beside the name: "your X account"."""
    before = reading.last("topic", 0, mention.start)
    after = reading.first("topic", mention.end, len(reading.text))
    gaps = [reading.shadow[cue.end : mention.start] for cue in (before,) if cue]
    gaps += [reading.shadow[mention.end : cue.start] for cue in (after,) if cue]
    return any(not gap.strip() for gap in gaps) or word_behind(reading, mention.end).lower() in brand_words()["binds"]


def _is_loud(text: str) -> bool:
    """Whether all letters are capitals, so that capitals tell nothing."""
    return all(map(str.isupper, filter(str.isalpha, text)))
