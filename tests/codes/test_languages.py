"""What is read in each language: `languages/<code>.toml` has messages with their codes, messages without, mails, calls.

The tests of one language: `pytest tests/codes/test_languages.py -k "[pl-"`. One test is for all messages of a kind in a
language, as there are more than ten thousand; it says which of them were not read as they should be.
"""

import functools
import pathlib
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from numbank.codes import recognise
from numbank.codes.mail import read_mail
from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit

FILES = sorted((pathlib.Path(__file__).parent / "languages").glob("*.toml"))


def _of_mail(subject: str, body: str) -> str | None:
    is_html = body.lstrip().startswith("<")
    return read_mail(subject, "" if is_html else body, body if is_html else "", "").code


READERS: dict[str, Callable[..., str | None]] = {
    "code": lambda text: recognise(text).code,
    "none": lambda text: recognise(text).code,
    "mail": _of_mail,
    "voice": lambda text: hear(text).code,
}


@functools.cache
def _lists(file: pathlib.Path) -> dict[str, list[Any]]:
    return tomllib.loads(file.read_text("utf-8"))


CASES = [pytest.param(file, kind, id=f"{file.stem}-{kind}") for file in FILES for kind in _lists(file)]


@pytest.mark.parametrize(("file", "kind"), CASES)
def test_every_message_is_read_as_it_should_be(file: pathlib.Path, kind: str) -> None:
    examples = [[example, ""] if kind == "none" else example for example in _lists(file)[kind]]
    read = [(*parts, code, READERS[kind](*parts) or "") for *parts, code in examples]
    assert read
    assert [one for one in read if one[-2] != one[-1]] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_language_has_messages_of_both_kinds(file: pathlib.Path) -> None:
    assert {"code", "none"} <= set(_lists(file)) <= set(READERS)
