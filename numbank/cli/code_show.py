"""Prints what code_explain.py found out, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len

from numbank.cli import screen
from numbank.codes.mail.links import THRESHOLD as LINK_THRESHOLD

WIDTH, NARROWEST = 100, 40
"""Columns of a text where there is no terminal, and the fewest that one is folded to."""

TITLE = 8


def show(found: dict[str, Any]) -> None:
    """Print it."""
    line("code", _code(found))
    if found["link"]:
        line("link", found["link"])
    service = found["service"]
    line(
        "service",
        f"{service['code']}, {service['name']} ({service['confidence']:g}): {service['why']}"
        if service
        else "none is told",
    )
    if found["kind"] != "email":
        names = "; ".join(f"{one['code']}, {one['name']}" for one in found["names"])
        line("names", names or "no service clearly")
    if "leased_for" in found:
        _lease(found["leased_for"], found["names"])
    for one in found["templates"]:
        line("template", f"of {one['service']}: {one['template']}")
    line("why", found["why"])
    text = found["text"] if found["heard"] is None else found["heard"]
    title = "text" if found["heard"] is None else "heard:"
    for piece in (text + (" [the rest is not read]" if found["is_cut"] else "")).splitlines():
        if piece.strip():
            line(title, piece)
            title = ""
    _table(("candidate", "score", "after", "for it", "against it"), map(_candidate, found["candidates"]))
    _table(("cue", "words"), _kinds(found["cues"]))
    _table(("masked", "as"), ((one["words"], one["reason"]) for one in found["masks"]))
    _table(("link", "points", "verdict"), (_link(one, found["link"]) for one in found["links"]))


def _lease(leased: dict[str, Any], names: list[dict[str, str]]) -> None:
    """What a lease gets of it."""
    title = f"for {leased['service']}"
    if not leased["gets_it"]:
        codes = ", ".join(one["code"] for one in names)
        line(title, f"handed over: no, it names {codes} (kept as other_service)")
        return
    line(title, f"handed over: yes; code: {_code(leased)}")
    looks = ", ".join(
        f"{one['length']} {'letters and digits' if one['letters'] else 'digits'}" for one in leased["usual"]
    )
    line("", f"usual look: {looks or 'not known'}")
    for code, steps in leased["steps"].items():
        score, *more = steps.items()
        added = "".join(f" {'+' if points > 0 else '-'} {abs(points):g} ({why})" for why, points in more)
        line("", f"{code}: {score[1]:g}{added or ', nothing is added'}")


def line(title: str, text: str) -> None:
    """A titled text; a long one goes on below itself."""
    width = screen.out.width if screen.out.is_terminal else WIDTH
    for index, piece in enumerate(folded(screen.plain(text), max(NARROWEST, width - TITLE - 2)) or [""]):
        screen.out.print(f"{'' if index else title:<{TITLE}}  {piece}".rstrip(), markup=False)


def folded(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, at blanks where there are any; some letters take two."""
    lines: list[str] = []
    for piece in textwrap.wrap(text, width):
        rest = piece
        while cell_len(rest) > width:
            end = next(end for end in range(len(rest), 0, -1) if cell_len(rest[:end]) <= width)
            end = rest.rfind(" ", 1, end + 1) if " " in rest[1 : end + 1] else end
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        lines.append(rest)
    return lines


def _code(found: dict[str, Any]) -> str:
    if found["code"]:
        return f"{found['code']} ({found['confidence']:g})"
    if not found["uncertain"]:
        return "none"
    return f"none is certain; the best guess is {found['uncertain']} ({found['confidence']:g})"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    cells = list(rows)
    if cells:
        screen.out.print()
        screen.table(columns, cells)


def _candidate(one: dict[str, Any]) -> tuple[object, ...]:
    against = [one["veto"]] if one["veto"] else []
    best = one["evidence"][0] if one["evidence"] else None
    reasons = f"{best['why']} {best['points']:g}" if best else ""
    against += [" ".join(str(part) for part in doubt.values()) for doubt in best["doubts"]] if best else []
    return one["code"], f"{one['score']:g}", one["owner"], reasons, ", ".join(against)


def _link(one: dict[str, Any], best: str | None) -> tuple[object, ...]:
    if one["refused"]:
        return one["url"], "", one["refused"]
    if one["url"] == best:
        verdict = "the link of the mail"
    elif one["points"] < LINK_THRESHOLD:
        verdict = f"too few points, {LINK_THRESHOLD:g} are needed"
    else:
        verdict = "another one is better" if best else "not clear which one it is"
    return one["url"], f"{one['points']:g}", verdict


def _kinds(cues: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The words of each kind of cue."""
    found: dict[str, dict[str, None]] = {}
    for cue in cues:
        found.setdefault(cue["kind"], {})[cue["words"]] = None
    return [(kind, ", ".join(words)) for kind, words in found.items()]
