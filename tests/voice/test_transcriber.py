"""Recognisers are programs: asked by language, stopped at their time, believed only when they end well."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from numbank.codes.spoken import hear
from numbank.errors import OperatorError
from numbank.settings import load
from numbank.voice import sphinx
from numbank.voice.transcriber import NoTranscript, Program, Transcriber, check, from_settings
from tests.support import until
from tests.voice.wav import pcm16, tone, wav

pytestmark = pytest.mark.unit

ENGLISH = frozenset({"en"})
AUDIO = wav(pcm16(tone()))
SPHINX = importlib.util.find_spec("pocketsphinx") is not None


def program(code: str, languages: frozenset[str] = ENGLISH, hard_s: float = 20.0) -> Program:
    return Program([sys.executable, "-c", f"import sys; {code}", "{language}"], languages, hard_s)


def is_over(stat: Path) -> bool:
    """Whether a process has ended; `stat` is what the system tells of it."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_program_gets_the_recording_and_the_language_and_says_the_words() -> None:
    echo = program("print(len(sys.stdin.buffer.read()), sys.argv[1], ' two\\n words\\0')")
    assert await echo.write_down(AUDIO, "en-GB") == f"{len(AUDIO)} en-GB two words"


async def test_a_program_that_does_not_listen_is_heard_all_the_same() -> None:
    deaf = program("print('nothing was read')")
    assert await deaf.write_down(b"\0" * 5_000_000, "en") == "nothing was read"


SERVED = """
import uvloop
from numbank.voice.transcriber import Program

async def main():
    deaf = Program(["/bin/echo", "nothing was read"], frozenset({"*"}), 20.0)
    print({await deaf.write_down(b"x" * 1_000_000, "en") for _ in range(30)})

uvloop.run(main())
"""


def test_the_loop_of_the_server_hears_it_too() -> None:
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("{'nothing was read'}\n", "")


@pytest.mark.parametrize(
    ("code", "reason", "hopeless"),
    [
        ("sys.exit(1)", "exit code 1", False),
        ("print('half'); sys.exit(3)", "exit code 3", True),
        ("import time; time.sleep(60)", "took too long", False),
    ],
)
async def test_a_program_that_fails_has_no_words(code: str, reason: str, hopeless: bool) -> None:
    with pytest.raises(NoTranscript) as caught:
        await program(code, hard_s=0.5 if "sleep" in code else 20.0).write_down(AUDIO, "en")
    assert (caught.value.reason, caught.value.hopeless) == (reason, hopeless)


async def test_what_a_program_started_is_stopped_with_it(tmp_path: Path) -> None:
    # The shell dies at once; who it started holds the pipes.
    told = tmp_path / "pid"
    shell = Program(["/bin/sh", "-c", f"sleep 60 & echo $! > {told}; wait"], ENGLISH, 0.5)
    async with asyncio.timeout(10):
        with pytest.raises(NoTranscript, match="took too long"):
            await shell.write_down(AUDIO, "en")
    child = Path(f"/proc/{told.read_text().strip()}/stat")

    async def gone() -> bool:
        return is_over(child)

    await until(gone)


async def test_a_program_that_never_stops_talking_is_stopped() -> None:
    async with asyncio.timeout(15):
        with pytest.raises(NoTranscript, match="said too much") as caught:
            await Program(["/usr/bin/yes"], ENGLISH, 20.0).write_down(AUDIO, "en")
    assert caught.value.hopeless


async def test_a_program_sees_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBANK_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("MODELS", "here")
    nosy = program("import os; print(os.environ['MODELS'], [name for name in os.environ if 'NUMBANK' in name])")
    assert await nosy.write_down(AUDIO, "en") == "here []"


async def test_a_program_that_is_not_there_is_tried_again_later() -> None:
    with pytest.raises(NoTranscript) as caught:
        await Program(["/nowhere/at/all"], ENGLISH, 1.0).write_down(AUDIO, "en")
    assert not caught.value.hopeless


async def test_the_first_that_knows_a_language_writes() -> None:
    both = Transcriber([program("print('first')"), program("print('second')", frozenset({"*"}))])
    assert both.knows("en-US")
    assert both.knows("ru")
    assert await both.write_down(AUDIO, "en-US") == "first"
    assert await both.write_down(AUDIO, "ru") == "second"
    assert not Transcriber([program("")]).knows("ru")
    with pytest.raises(NoTranscript) as caught:
        await Transcriber().write_down(AUDIO, "en")
    assert caught.value.hopeless


def test_the_settings_name_a_program_and_its_languages() -> None:
    assert from_settings(load({}, transcriber="whisper --language {language}")).knows("ja")
    english = from_settings(load({}, transcriber="whisper", transcriber_languages="ru, de"))
    assert english.knows("de-AT")
    assert not english.knows("ja")
    assert from_settings(load({})).knows("en") == SPHINX
    assert not from_settings(load({})).knows("ru")
    with pytest.raises(OperatorError, match="NUMBANK_TRANSCRIBER"):
        from_settings(load({}, transcriber="'unclosed"))
    for wrong in ("2", "4-", "x", "4-8-9"):
        with pytest.raises(OperatorError, match="NUMBANK_VOICE_CODE_DIGITS"):
            load({}, voice_code_digits=wrong)


def test_lengths_and_grammar() -> None:
    assert list(sphinx.sizes_of("4-6")) == [4, 5, 6]
    assert list(sphinx.sizes_of("6")) == [6]
    assert sphinx.grammar(4).count("<digit>") == 1 + 2 * 4


@pytest.mark.skipif(not SPHINX, reason="the extra `voice` is not installed")
async def test_pocketsphinx_hears_no_words_in_a_tone() -> None:
    english = from_settings(load({}))
    assert hear(await english.write_down(wav(pcm16(tone(1.0))), "en")).code is None


@pytest.mark.skipif(not SPHINX, reason="the extra `voice` is not installed")
async def test_pocketsphinx_refuses_what_is_no_wav_for_good() -> None:
    with pytest.raises(NoTranscript) as caught:
        await from_settings(load({})).write_down(b"ID3 no wav", "en")
    assert caught.value.hopeless


# flite has recorded voices; espeak-ng's are hardly understood by pocketsphinx (supply.md 7.4).
@pytest.mark.skipif(not SPHINX or shutil.which("flite") is None, reason="no extra `voice`, or no flite to speak with")
async def test_pocketsphinx_hears_a_code_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "said.wav"
    said = "your verification code is four eight two nine one three"
    subprocess.run(["flite", "-t", said, "-o", str(file)], check=True, timeout=30)  # noqa: ASYNC221  nobody else waits
    heard = await from_settings(load({}, voice_code_digits="6")).write_down(file.read_bytes(), "en")
    assert hear(heard).code == "482913", heard


@pytest.mark.parametrize(
    "program", ["/nowhere/hear", "nosuchprogram {language}", "/etc/passwd", "/tmp", "' '", " ", "'"]
)
def test_a_setting_that_names_no_program_keeps_the_bank_closed(program: str) -> None:
    with pytest.raises(OperatorError) as caught:
        check(load({}, transcriber=program))
    said = str(caught.value)
    assert said.startswith(f"setting NUMBANK_TRANSCRIBER={program!r}: ")
    assert "\n" not in said


@pytest.mark.parametrize("program", ["", "cat", f"{sys.executable} -c pass", "/opt/{language}/hear"])
def test_a_program_that_is_there_or_that_the_language_names_will_do(program: str) -> None:
    check(load({}, transcriber=program))
