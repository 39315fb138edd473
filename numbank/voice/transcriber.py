"""The transcriber port: who writes recordings down, in which languages. The supplier's own transcript is the default.

A recogniser is a program of its own: the recording goes to its stdin, the transcript comes from its stdout. So it can be
stopped at its time limit, its memory is not ours, and the event loop never waits for it. pocketsphinx (extra `voice`,
English) is one; any other can be named in NUMBANK_TRANSCRIBER.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from numbank.errors import OperatorError
from numbank.settings import PREFIX, Settings
from numbank.voice import sphinx

MAX_TRANSCRIPT = 65_536
# A program that says more than this in bytes has gone mad: it is stopped, its words would fill our memory.
MAX_OUTPUT = 4 * MAX_TRANSCRIPT
# What a stopped program started itself and put elsewhere may hold its pipes: nobody waits for that longer.
REAP_S = 5.0
AT_ONCE = 2
ALL = "*"
LANGUAGE = "{language}"
# What a recogniser's program answers when trying again does not help.
HOPELESS = frozenset({sphinx.NO_SOUND})


class NoTranscript(Exception):  # noqa: N818  a no of this port
    """Nobody could write it down. `hopeless`: nor can they later."""

    def __init__(self, reason: str, *, hopeless: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hopeless = hopeless


class Recogniser(Protocol):
    """Somebody who writes recordings down."""

    def knows(self, language: str) -> bool:
        """Whether it understands a language (BCP 47)."""

    async def write_down(self, audio: bytes, language: str) -> str:
        """The transcript, empty if nothing was understood; NoTranscript if it cannot."""


def main_subtag(language: str) -> str:
    """The language itself, without country and script: `en` of `en-GB`."""
    return language.partition("-")[0].lower()


class Program:
    """A recogniser that is a program: the language is put in the place of `{language}` in its arguments."""

    def __init__(self, arguments: Sequence[str], languages: frozenset[str], hard_s: float) -> None:
        self._arguments = list(arguments)
        self._languages = languages
        self._hard_s = hard_s
        self._turn = asyncio.Semaphore(AT_ONCE)

    def knows(self, language: str) -> bool:
        """Whether it was named for the language, or for all."""
        return ALL in self._languages or main_subtag(language) in self._languages

    async def write_down(self, audio: bytes, language: str) -> str:
        """Run it; it is stopped at the time limit, with everything that it started. It sees none of our settings."""
        arguments = [argument.replace(LANGUAGE, language) for argument in self._arguments]
        async with self._turn:
            try:
                process = await asyncio.create_subprocess_exec(
                    *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment(), start_new_session=True
                )
            except OSError as error:
                raise NoTranscript(f"cannot be started: {type(error).__name__}", hopeless=False) from None
            over = False
            try:
                async with asyncio.timeout(self._hard_s):
                    heard = await _converse(process, audio)
                over = True
            except TimeoutError:
                raise NoTranscript("took too long", hopeless=False) from None
            finally:
                if not over:
                    await _stop(process)
        if process.returncode:
            raise NoTranscript(f"exit code {process.returncode}", hopeless=process.returncode in HOPELESS)
        return " ".join(heard.decode("utf-8", "replace").replace("\0", "").split())[:MAX_TRANSCRIPT]


def _environment() -> dict[str, str]:
    """What a program that reads strangers' files may see: not the address of the database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


async def _converse(process: Process, audio: bytes) -> bytes:
    """Give it the recording, and read all that it says until it ends; NoTranscript when that does not stop."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a program without pipes")
    playing = asyncio.create_task(_play(process.stdin, audio))
    try:
        heard = bytearray()
        while chunk := await process.stdout.read(MAX_TRANSCRIPT):
            heard += chunk
            if len(heard) > MAX_OUTPUT:
                raise NoTranscript("said too much", hopeless=True)
        await playing
        await process.wait()
    finally:
        playing.cancel()
    return bytes(heard)


async def _play(ear: asyncio.StreamWriter, audio: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it need not listen to the end
        if not ear.is_closing():  # uvloop closes it at once when the program has ended
            ear.write(audio)
            await ear.drain()
    ear.close()


async def _stop(process: Process) -> None:
    """End it and what it started: they share a session, and whoever holds its pipes would keep us waiting."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(REAP_S):
            await process.wait()


class Transcriber:
    """All recognisers of this node; the first that knows a language writes."""

    def __init__(self, recognisers: Sequence[Recogniser] = ()) -> None:
        self._recognisers = list(recognisers)

    def knows(self, language: str) -> bool:
        """Whether anybody here understands a language."""
        return any(one.knows(language) for one in self._recognisers)

    async def write_down(self, audio: bytes, language: str) -> str:
        """The transcript; NoTranscript if nobody can."""
        for one in self._recognisers:
            if one.knows(language):
                return await one.write_down(audio, language)
        raise NoTranscript("nobody here knows the language", hopeless=True)


def check(settings: Settings) -> None:
    """OperatorError when the operator's program cannot be run; said once, before the workers start."""
    if not settings.transcriber:
        return
    program = next(iter(_arguments(settings)), "")
    # A name that depends on the language cannot be looked for.
    if LANGUAGE not in program and shutil.which(program) is None:
        raise OperatorError(f"setting NUMBANK_TRANSCRIBER={settings.transcriber!r}: there is no program {program!r}")


def _arguments(settings: Settings) -> list[str]:
    try:
        return shlex.split(settings.transcriber)
    except ValueError as error:
        raise OperatorError(f"setting NUMBANK_TRANSCRIBER={settings.transcriber!r}: {error}") from None


def from_settings(settings: Settings) -> Transcriber:
    """The operator's own program first, then pocketsphinx where it is installed. OperatorError on a broken setting."""
    recognisers: list[Recogniser] = []
    if settings.transcriber:
        arguments = _arguments(settings)
        languages = frozenset(filter(None, (one.strip().lower() for one in settings.transcriber_languages.split(","))))
        recognisers.append(Program(arguments, languages, settings.transcriber_hard_s))
    if sphinx.available():
        arguments = [sys.executable, "-m", "numbank.voice.sphinx", LANGUAGE, settings.voice_code_digits]
        recognisers.append(Program(arguments, sphinx.LANGUAGES, settings.transcriber_hard_s))
    return Transcriber(recognisers)
