"""`python -m numbank.codes`: anyone can read and measure messages with it, without a bank."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from numbank.codes.rates import Rates
from numbank.codes.rows import Answer, Row, answer, parts

pytestmark = pytest.mark.unit

LINES = [
    '{"text": "Your Telegram code is 48213", "id": 7, "expected": "48213", "service": "telegram", "lang": "en"}',
    "",
    "no json",
    '{"text": 5}',
    '{"text": "hello", "kind": "fax"}',
    '{"text": "Subject: Your code\\n\\n<div>Your code: <b>482913</b></div>", "kind": "email", "sender": "a@b.example"}',
    '{"text": "Your code is four eight two one three", "kind": "voice", "id": "x", "expected": "99999", "more": 1}',
    '{"text": "Your code is 48213 \\ud83d", "id": "\\ud83d"}',
    '{"text": "Hi", "id": ' + "[" * 100_000 + "}",
    '{"text": "See you at 10", "sender": null, "expected": null}',
]


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "numbank.codes", *words], input=stdin, capture_output=True, text=True, check=False
    )


def test_each_line_is_answered_and_bad_ones_are_told(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text("\ufeff" + "\n".join(LINES), encoding="utf-8")
    done = run(str(file), "--measure")
    assert done.returncode == 2
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    fields = {"code", "link", "service", "service_name", "confidence", "uncertain"}
    assert [row.keys() - {"id"} for row in rows] == [fields] * 5
    assert [(row.get("id"), row["code"]) for row in rows] == [
        (7, "48213"),
        (None, "482913"),
        ("x", "48213"),
        ("?", "48213"),  # half of an emoji: that is how long messages are cut
        (None, None),
    ]
    assert (rows[0]["service"], rows[0]["service_name"]) == ("tg", "Telegram")
    told = done.stderr.splitlines()
    assert [line.split(":")[0] for line in told if line.startswith("line ")] == [f"line {n}" for n in (3, 4, 5, 9)]
    table = [" ".join(line.split()) for line in told if " code " in line]
    assert "sms code all 1 1 = 100.0% 0 = 0.0% 0 = 0.0% 1 0 = 0.0%" in table
    assert "voice code all 1 0 = 0.0% 1 = 100.0% 0 = 0.0% 0 -" in table
    piped = run("-", stdin=LINES[0] + "\n")
    assert (piped.returncode, json.loads(piped.stdout)["code"]) == (0, "48213")


def test_a_file_that_is_not_there_is_one_line() -> None:
    done = run("/no/such/file")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "subject", "body"),
    [
        ("Subject: a b\n\nbody\n\nmore", "a b", "body\n\nmore"),
        ("subject:a\r\n\r\nbody", "a", "body"),
        ("Subject: a", "a", ""),
        ("no subject\n\nbody", "", "no subject\n\nbody"),
    ],
)
def test_a_mail_is_cut_into_subject_and_body(text: str, subject: str, body: str) -> None:
    assert parts(text) == (subject, body)


def test_a_service_counts_by_code_name_or_site_and_what_is_unknown_does_not_count() -> None:
    rates = Rates()
    for expected in ("tg", "TELEGRAM", "telegram.org", "no such service at all", None):
        row = Row("Your Telegram code is 48213", service=expected)
        rates.add(row, answer(row))
    (counted,) = [line.split() for line in rates.lines() if line.startswith("sms service")]
    assert counted[3:6] == ["3", "3", "="]
    *_, last = rates.lines()
    assert last == "not counted, no known code, name or site of a service: 'no such service at all' (lines: 1)"


def test_a_link_of_a_mail_counts_where_there_should_be_one_or_none() -> None:
    rates = Rates()
    right = Answer(None, "https://a.example/1", None, None, 0.9, None)
    rates.add(Row("x", kind="email", expected=None, link="https://a.example/1"), right)
    rates.add(Row("x", kind="email", expected=None), right)
    (counted,) = [" ".join(line.split()) for line in rates.lines() if line.startswith("email link")]
    assert counted == "email link all 1 1 = 100.0% 0 = 0.0% 0 = 0.0% 1 1 = 100.0%"


def test_the_lease_of_each_line_is_known_where_it_is_asked_for() -> None:
    line = '{"text": "Hello Ann 592044", "sender": "WhatsApp", "service": "wa", "expected": "592044"}\n'
    codes = [json.loads(run("-", *words, stdin=line).stdout)["code"] for words in ((), ("--prior",))]
    assert codes == [None, "592044"]
