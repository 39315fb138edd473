"""Writes an English recording down with pocketsphinx: `python -m numbank.voice.sphinx LANGUAGE SIZES < call.wav`.

A program of its own, so that it can be stopped at its time limit and its 100 MB go with it. It listens with a grammar of
digits for each possible length and takes the one that fits best: free dictation hears no codes on the telephone (supply.md
7.4). SIZES is `6` or `4-8`. The transcript goes to stdout; without an understandable word it is empty.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from numbank.voice.sound import NotSound, Sound, read_wav, resampled

RATE = 16_000
LONGEST_S = 90.0
SIZES = "4-8"
LANGUAGES = frozenset({"en"})

DIGITS = "zero | oh | one | two | three | four | five | six | seven | eight | nine"
# Without "to" and "for": they sound like digits, and what was said is more likely one.
WORDS = (
    "hello | hi | welcome | your | the | a | verification | security | confirmation | activation | access | login"
    " | one | time | password | pass | pin | code | number | is | again | repeat | once | more | please | enter"
    " | thank | you | this | and | goodbye"
)
# Exit codes beside 0: what the caller must not try again.
NO_SOUND = 3


def available() -> bool:
    """Whether the extra `voice` is installed."""
    return importlib.util.find_spec("pocketsphinx") is not None


def sizes_of(text: str) -> range:
    """`6` or `4-8` as lengths of codes."""
    low, _, high = text.partition("-")
    return range(int(low), int(high or low) + 1)


def grammar(size: int) -> str:
    """Words of announcements, a code of `size` digits, and perhaps all of it once more."""
    code = " ".join(["<digit>"] * size)
    return (
        f"#JSGF V1.0;\ngrammar code;\n<digit> = {DIGITS};\n<word> = {WORDS};\n"
        f"public <said> = <word>* {code} [<word>+ {code}] <word>*;\n"
    )


def listen(sound: Sound, sizes: range) -> str:
    """The words that were heard, in the grammar that fits best; empty when none does."""
    from pocketsphinx import Config, Decoder  # noqa: PLC0415  an extra

    samples = resampled(sound.first(LONGEST_S), RATE).samples.tobytes()
    config = Config(samprate=RATE, lm=None, loglevel="FATAL", dither=True)
    decoder: Any = Decoder(config)
    best: tuple[float, str] | None = None
    for size in sizes:
        decoder.add_jsgf_string("code", grammar(size))
        decoder.activate_search("code")
        decoder.start_utt()
        decoder.process_raw(samples, no_search=False, full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        if heard is not None and heard.hypstr and (best is None or heard.best_score > best[0]):
            best = (heard.best_score, heard.hypstr)
    return "" if best is None else best[1]


def main(arguments: list[str]) -> int:
    """Read a WAV from stdin, write its transcript to stdout."""
    sizes = sizes_of(arguments[1] if len(arguments) > 1 else SIZES)
    try:
        sound = read_wav(sys.stdin.buffer.read())
    except NotSound as error:
        sys.stderr.write(f"{error}\n")
        return NO_SOUND
    sys.stdout.write(listen(sound, sizes))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
