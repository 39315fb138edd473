"""Every action and refusal answers in every dialect what its golden file says, and every one of them has its case there.

NUMBANK_WRITE_GOLDEN=1 writes the files again.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from numbank import errors
from numbank.server.app import App
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.shapes import matches
from tests.mailbox.world import domain
from tests.support import Caller, open_bank
from tests.wire import golden_goods, golden_world
from tests.wire.golden_case import Case
from tests.wire.golden_cases import ALL

FOLDER = Path(__file__).parent / "golden"
WRITE = os.environ.get("NUMBANK_WRITE_GOLDEN") == "1"
HEAD = re.compile(r"^### (.+)\n(.+)\n", re.MULTILINE)
UNKNOWN = "getMoney"
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}

Answers = dict[tuple[str, str], dict[str, tuple[str, str]]]


def read(file: Path) -> dict[str, tuple[str, str]]:
    """A golden file: content type and body by case."""
    if not file.exists():
        return {}
    parts = HEAD.split(file.read_text(encoding="utf-8"))[1:]
    return {parts[at]: (parts[at + 1], parts[at + 2].removesuffix("\n\n")) for at in range(0, len(parts), 3)}


def write(file: Path, cases: dict[str, tuple[str, str]]) -> None:
    """Write it as `read` reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"### {name}\n{kind}\n{body}\n\n" for name, (kind, body) in cases.items())
    file.write_text(text, encoding="utf-8")


# Replies that a setting brings.
BY_SETTING: dict[tuple[str, str], tuple[dict[str, object], Case]] = {
    ("getNumbersStatus", '{"<service>":"<digits>"}'): ({"plain_status_keys": True}, Case({"country": "0"})),
    ("checkMailActivation", '{"status":"OK","response":{}}'): (
        {"mail_empty_while_waiting": True},
        Case({"id": "{mailbox}"}),
    ),
}


async def ask(app: App, dialect: Dialect, action: str, case: Case, names: dict[str, str]) -> tuple[str, str]:
    """Ask as the case says; content type and body of the last answer."""
    transport = httpx.ASGITransport(app, client=(case.address, 50_000))  # type: ignore[arg-type]
    fields = {name: value.format(**names) for name, value in case.params.items()}
    fields = {"api_key": names[f"key of {case.who}"], "action": action} | fields
    fields |= {f"filler{number}": "" for number in range(case.filler)}
    async with httpx.AsyncClient(transport=transport, base_url="http://bank") as client:
        for _ in range(case.times):
            answer = await client.get(dialect.paths[0], params=fields)
            if case.stop and case.stop in answer.text:
                break
    assert answer.status_code == 200
    return answer.headers["content-type"], answer.text


@pytest.fixture(scope="module")
async def answers(dsn: str) -> AsyncIterator[Answers]:
    """All answers of all dialects, each made in the order of its cases by customers of its own."""
    async with open_bank(dsn, **golden_world.SETTINGS) as (app, shop):
        await golden_world.stock(app, shop)
        products = await golden_goods.stock(app, shop, golden_world.PRICE)
        made: Answers = {}
        for dialect in DIALECTS:
            keys = await golden_world.customers(shop)
            leases = golden_world.Leases(app, shop, keys)
            await leases.make()
            names = leases.ids | products | {f"key of {who}": key for who, key in keys.items()}
            for (dialect_name, action), cases in ALL.items():
                if dialect_name == dialect.name:
                    made[dialect_name, action] = {}
                    for name, case in cases.items():
                        # Counts in answers are those of before the case.
                        await shop.counted()
                        if case is not None:
                            made[dialect_name, action][name] = await ask(app, dialect, action, case, names)
            made[dialect.name, UNKNOWN] = {
                "UnknownAction": await ask(app, dialect, UNKNOWN, Case({}), names),
                "MissingKey": await ask(app, dialect, UNKNOWN, Case({}, "none"), names),
                "WrongKey": await ask(app, dialect, UNKNOWN, Case({}, "wrong"), names),
            }
        if WRITE:
            for (dialect_name, action), found in made.items():
                shown = {name: (kind, golden_world.masked(body)) for name, (kind, body) in found.items()}
                write(FOLDER / dialect_name / f"{action}.txt", shown)
        yield made


PLACES = [*ALL, *((dialect.name, UNKNOWN) for dialect in DIALECTS)]


@pytest.mark.parametrize("place", PLACES, ids="-".join)
def test_the_answers_are_the_golden_ones(answers: Answers, place: tuple[str, str]) -> None:
    golden = read(FOLDER / place[0] / f"{place[1]}.txt")
    shown = {name: (kind, golden_world.masked(body)) for name, (kind, body) in answers[place].items()}
    assert shown == golden


@pytest.mark.parametrize("place", ALL, ids="-".join)
def test_a_refusal_is_told_by_its_word(answers: Answers, place: tuple[str, str]) -> None:
    dialect, action = BY_NAME[place[0]], place[1]
    for name, (_, body) in answers[place].items():
        kind = getattr(errors, name, None)
        if kind is None:
            continue
        assert matches(dialect.shape(action, kind), body), name


@pytest.mark.parametrize("place", ALL, ids="-".join)
def test_a_success_is_one_of_the_replies_and_each_reply_has_its_case(answers: Answers, place: tuple[str, str]) -> None:
    replies = BY_NAME[place[0]].actions[place[1]].replies
    good = {name: body for name, (_, body) in answers[place].items() if not hasattr(errors, name)}
    for name, body in good.items():
        assert any(matches(shape, body) for shape in replies), (name, body)
    if good:
        # What is empty is of any shape.
        full = [body for body in good.values() if body not in ("{}", "[]")]
        missing = {shape for shape in replies if not any(matches(shape, body) for body in full)}
        assert missing == {shape for shape in replies if (place[1], shape) in BY_SETTING}, "no case shows this reply"


@pytest.mark.parametrize("what", BY_SETTING, ids=lambda what: what[0])
async def test_a_reply_that_a_setting_brings(dsn: str, what: tuple[str, str]) -> None:
    changes, case = BY_SETTING[what]
    async with open_bank(dsn, **changes) as (app, shop):
        _, key = await shop.customer()
        await domain(shop.connection, f"{what[0].lower()}.example")
        mailbox = {"site": "site.example", "mail_type": 1, "mail_domain": "example"}
        made = await Caller(app, key).json("buyMailActivation", **mailbox)
        names = {"key of rich": key, "mailbox": str(made["response"]["id"])}
        for dialect in DIALECTS:
            assert what[1] in dialect.actions[what[0]].replies
            _, body = await ask(app, dialect, what[0], case, names)
            assert body != "{}"
            assert matches(what[1], body)


@pytest.mark.unit
@pytest.mark.parametrize("place", ALL, ids="-".join)
def test_every_refusal_that_an_action_declares_has_a_case(place: tuple[str, str]) -> None:
    assert [name for name, case in ALL[place].items() if case is None] == []


@pytest.mark.unit
def test_there_is_a_golden_file_for_every_action_and_no_other() -> None:
    assert {(file.parent.name, file.stem) for file in FOLDER.rglob("*.txt")} == set(PLACES)
