"""Reads a mail: its one-time code, or the link that confirms what its reader did, when it has no code."""

import re
from typing import NamedTuple

import msgspec

from numbank.codes.decide import NOTHING, THRESHOLD, Found, Scored, clear_winner, scored
from numbank.codes.judging import cases_of
from numbank.codes.lexicon import lexicon
from numbank.codes.mail.evidence import dashed, sources
from numbank.codes.mail.html_text import Page, page_of
from numbank.codes.mail.links import Link, Weighed, best_link, links_in, weighed
from numbank.codes.mail.text import body_of
from numbank.codes.mail.view import view_of
from numbank.codes.plain import normalise
from numbank.codes.reading import read

SUBJECT_LIMIT = 300
"""Characters of a subject that are looked at."""

_DASHED_CONFIDENCE = 0.8
_UNCLEAR = 0.15  # two bodies with two codes must differ by so much
# A body that begins as HTML does, or in whose beginning an element ends.
_HTML = re.compile(
    r"\A\s*+(?:```html\s*+)?<(?:!doctype|!--|html|head|body|meta|title|style|table|t[rd]|div|section|p|span|h[1-6]|center|font|img)\b"
    r"|</(?:html|body|table|t[rd]|div|section|p|span|h[1-6]|center|font|a|b|i|u|em|strong|li|code|title)\s*+>|<br\s*+/?>",
    re.IGNORECASE,
)
_HTML_HEAD = 4096
_SEPARATORS = re.compile(r"[ -]")
# Where a mail's lines were cut for the transport (quoted-printable), and nobody has joined them: half a code is a wrong one.
_SOFT_BREAK = re.compile(r"(?<=[0-9])=\r?\n(?=[0-9])")
_MOST_SOFT_BREAKS = 100


class MailFound(msgspec.Struct, frozen=True):
    """What a mail is worth. `confidence` is that of the code, without one that of the link, without both of `uncertain`.

    `uncertain` and `ranked` are as in `decide.Found`.
    """

    code: str | None
    link: str | None
    confidence: float
    uncertain: str | None = None
    ranked: tuple[Scored, ...] = ()

    @property
    def value(self) -> str | None:
        """What the customer waits for: the code, else the link."""
        return self.code or self.link


def read_mail(subject: str, text: str | None, html: str | None, sender: str, *, site: str = "") -> MailFound:
    """The code and the link of a mail with a plain body, an HTML body, or both. `sender` is the address that it came
    from, `site` the one that the mailbox was leased for: links to these are trusted a little more. Takes any text.
    """
    return read_mail_and_text(subject, text, html, sender, site=site)[0]


def read_mail_and_text(
    subject: str, text: str | None, html: str | None, sender: str, *, site: str = ""
) -> tuple[MailFound, str]:
    """The same, and the visible text of the HTML, empty without one: reading that is half of the work."""
    title = _title(subject)
    page, text = _bodies(text, html)
    code = _code_of(title, [body for body in (body_of(page.text), body_of(text)) if body])
    link = best_link(_links(page, text), subject=title, sender=sender, site=site)
    confidence = link.confidence if link and not code.code else code.confidence
    return MailFound(code.code, link.url if link else None, confidence, code.uncertain, code.ranked), page.text


def weighed_links(subject: str, text: str | None, html: str | None, sender: str, *, site: str = "") -> list[Weighed]:
    """What `read_mail` thinks of each link of the same mail, for who asks why."""
    return weighed(_links(*_bodies(text, html)), subject=_title(subject), sender=sender, site=site)


def _title(subject: str) -> str:
    return " ".join(subject.split())[:SUBJECT_LIMIT]


def _bodies(text: str | None, html: str | None) -> tuple[Page, str]:
    """The page of the HTML, and the plain body; what begins as HTML does is HTML, whatever it is called."""
    text = _SOFT_BREAK.sub("", text or "", count=_MOST_SOFT_BREAKS)
    if not html and _HTML.search(text, 0, _HTML_HEAD):
        text, html = "", text
    return (page_of(html) if html else Page("", [])), text


def _links(page: Page, text: str) -> list[Link]:
    return [*page.links, *links_in(page.text), *links_in(text)]


class _Read(NamedTuple):
    found: Found
    is_unclear: bool
    """There are several codes, and none of them is clearly the one."""


def _code_of(subject: str, bodies: list[str]) -> Found:
    """The code of the first body in which there is one; bodies that agree make it surer, that contradict doubtful."""
    if not bodies:
        return _read(subject).found
    first, is_unclear = _read(f"{subject}\n{bodies[0]}")
    if len(bodies) == 1 or is_unclear:
        return first
    if first.code and _says(bodies[1], first.code):
        return msgspec.structs.replace(first, confidence=round(1 - (1 - first.confidence) / 2, 3))
    second, is_unclear = _read(f"{subject}\n{bodies[1]}")
    if is_unclear:
        return NOTHING
    if first.code is None or second.code is None:
        return first if first.code or (not second.code and first.uncertain) else second
    if first.code != second.code and abs(first.confidence - second.confidence) < _UNCLEAR:
        return NOTHING
    return max(first, second, key=lambda found: found.confidence)


def _says(body: str, code: str) -> bool:
    return code.replace("-", "") in _SEPARATORS.sub("", normalise(body).text)


def _read(text: str) -> _Read:
    """The code of a text whose first line is the subject."""
    plain = normalise(text)
    reading = read(plain, lexicon())
    cases = cases_of(plain, reading)
    view = view_of(reading, cases)
    scores = scored([case for case in cases if not view.is_elsewhere(case)], sources(view))
    found = clear_winner(scores)
    if found.code is not None:
        return _Read(found, is_unclear=False)
    if any(evidence.score >= THRESHOLD for evidence in scores.values()):
        return _Read(found, is_unclear=True)
    code = dashed(view)
    return _Read(Found(code, _DASHED_CONFIDENCE) if code else found, is_unclear=False)
