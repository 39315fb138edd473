"""What is read in each language: `languages/<code>.toml` has messages with their codes, messages without, mails, calls.

The tests of one language: `pytest tests/codes/test_languages.py -k "[pl-"`.
"""

import functools
import pathlib
import tomllib
from typing import Any

import pytest

from numbank.codes import recognise
from numbank.codes.mail import read_mail
from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit

FILES = sorted((pathlib.Path(__file__).parent / "languages").glob("*.toml"))
KINDS = {"code", "none", "mail", "voice"}


@functools.cache
def _examples(file: pathlib.Path) -> dict[str, list[Any]]:
    return tomllib.loads(file.read_text("utf-8"))


def _all(kind: str) -> list[Any]:
    """The examples of one kind in all languages, as parameters named like `pl-code-7`."""
    return [
        pytest.param(*(example if isinstance(example, list) else [example]), id=f"{file.stem}-{kind}-{number}")
        for file in FILES
        for number, example in enumerate(_examples(file).get(kind, []), start=1)
    ]


@pytest.mark.parametrize(("text", "code"), _all("code"))
def test_finds_the_code(text: str, code: str) -> None:
    assert recognise(text).code == code


@pytest.mark.parametrize("text", _all("none"))
def test_finds_none(text: str) -> None:
    assert recognise(text).code is None


@pytest.mark.parametrize(("subject", "body", "code"), _all("mail"))
def test_reads_the_mail(subject: str, body: str, code: str) -> None:
    is_html = body.lstrip().startswith("<")
    found = read_mail(subject, "" if is_html else body, body if is_html else "", "")
    assert (found.code or "") == code


@pytest.mark.parametrize(("text", "code"), _all("voice"))
def test_hears_the_code(text: str, code: str) -> None:
    assert (hear(text).code or "") == code


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.stem}-file")
def test_has_examples_of_both_kinds(file: pathlib.Path) -> None:
    examples = _examples(file)
    assert set(examples) <= KINDS
    assert examples["code"]
    assert examples["none"]
