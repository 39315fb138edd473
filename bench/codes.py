"""How long a message takes to be read: SMS of all languages, mails up to 16 KB, hostile texts of a megabyte.

The messages are the examples of the tests, every one by its best of several rounds, in processor time of the thread.
"""

from __future__ import annotations

import gc
import time
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.harness import Figure, Rounds, Say, plain
from numbank.codes.mail import read_mail
from numbank.codes.message import read_message
from numbank.codes.services import own_brands
from numbank.codes.spoken import hear

EXAMPLES = Path(__file__).parents[1] / "tests" / "codes" / "languages"
MICROSECOND, MILLISECOND = 1e-6, 1e-3
MEGABYTE = 1_000_000
MAIL_LIMIT = 16_384
TIMES = 3
HOSTILE = ("1", "1 ", "\u200b", "1\u200b", "code 1234. ", "482913, ", "<div>", "<p>1234", "<td>4</td>", "one ", "一")


def run(rounds: Rounds, say: Say) -> list[Figure]:
    """Medians and 99th percentiles of each round."""
    messages = _examples()
    mails = _mails(messages)
    brands = own_brands()
    say(f"codes: {len(messages)} SMS, {len(mails)} mails")
    sms = [_best(messages, lambda text: read_message(text, "", brands)) for _ in range(rounds.count)]
    post = [
        _best(mails, lambda html: read_mail("Your account", None, html, "post@acme.example"))
        for _ in range(rounds.count)
    ]
    worst = [max(_hostile(read) for read in (_as_sms, _as_mail, _as_html, hear)) for _ in range(rounds.count)]
    return [
        plain("SMS, code and service, median", 150, "us", [_at(times, 0.5) / MICROSECOND for times in sms]),
        plain("SMS, code and service, p99", 1_000, "us", [_at(times, 0.99) / MICROSECOND for times in sms]),
        plain("mail of HTML up to 16 KB, p99", 5, "ms", [_at(times, 0.99) / MILLISECOND for times in post]),
        plain("the worst of hostile megabytes", 100, "ms", [seconds / MILLISECOND for seconds in worst]),
    ]


def _examples() -> list[str]:
    """Every SMS of the examples, with and without a code."""
    found: list[str] = []
    for file in sorted(EXAMPLES.glob("*.toml")):
        lists = tomllib.loads(file.read_text("utf-8"))
        found += [text for text, _ in lists.get("code", [])]
        found += lists.get("none", [])
    return found


def _mails(messages: Sequence[str]) -> list[str]:
    """Newsletters of some hundred messages each, in cells with styles: 2 to 16 KB of HTML."""
    mails: list[str] = []
    cells: list[str] = []
    size = 0
    for number, text in enumerate(messages):
        cell = f'<tr><td style="padding:12px 24px;font:14px/1.5 Arial;color:#333333"><p>{text}</p></td></tr>'
        if size + len(cell) > 2_048 + number * 977 % (MAIL_LIMIT - 2_560):
            mails.append(
                f"<html><head><style>p{{margin:0 0 16px}}</style></head><body><table>{''.join(cells)}</table></body></html>"
            )
            cells, size = [], 0
        cells.append(cell)
        size += len(cell)
    return mails


def _best(texts: Sequence[str], read: Callable[[str], object]) -> list[float]:
    """The shortest time of each text, in order of size: other work on the machine only makes times longer."""
    best = [float("inf")] * len(texts)
    gc.disable()
    try:
        for _ in range(TIMES):
            for index, text in enumerate(texts):
                best[index] = min(best[index], _seconds(partial(read, text)))
    finally:
        gc.enable()
    return sorted(best)


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1e9


def _at(times: Sequence[float], share: float) -> float:
    return times[int(len(times) * share)]


def _hostile(read: Callable[[str], object]) -> float:
    return max(min(_seconds(partial(read, text)) for _ in range(TIMES)) for text in map(_megabyte, HOSTILE))


def _megabyte(piece: str) -> str:
    return piece * (MEGABYTE // len(piece))


def _as_sms(text: str) -> object:
    return read_message(text, "", own_brands())


def _as_mail(text: str) -> object:
    return read_mail("Your code", text, None, "post@acme.example")


def _as_html(text: str) -> object:
    return read_mail("Your code", None, text, "post@acme.example")
