"""What is remembered for a shape is what would be read afresh, whatever the digits; it is small and keeps no secret."""

import random
import re
import tomllib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from numbank.codes import memory as memories
from numbank.codes.memory import Memory
from numbank.codes.message import Message, read_message
from numbank.codes.rows import all_brands
from numbank.codes.services import Brands
from numbank.codes.services.hints import Hint, HintKind
from tests.codes.cases_beside import besides
from tests.codes.cases_en_ru import with_code, without_code
from tests.codes.cases_negative import negatives

SEED = 20261122
# Digits that rules have an eye on: years of three calendars, clock times, call centres, dates, round and zero-led numbers,
# numbers of firms and of sites.
MARKED = {
    3: ["000", "365", "110"],
    4: ["2026", "1999", "1405", "2568", "1530", "2359", "0905", "1800", "1300", "0800", "1688", "4399", "0000", "9000"],
    5: ["10086", "95588", "12306", "00000", "12345"],
    6: ["000000", "123456", "211126", "202611", "900000"],
    8: ["20261121", "21112026", "14050230", "00000000", "20260000"],
}
SENDERS = ("", "Verify", "Google", "+15550001111", "32665", "VM-ACMEBK", "482913")


def variants(text: str, chance: random.Random, times: int) -> Iterator[tuple[str, str]]:
    """The text with other digits, and a sender for each; numbers that are equal stay so mostly, or become so."""
    for _ in range(times):
        drawn: dict[str, str] = {}

        def other(match: re.Match[str], drawn: dict[str, str] = drawn) -> str:
            number = match.group()
            way = chance.random()
            if way < 0.1 or (len(number) < 4 and way < 0.9):
                return number
            if way < 0.7 and number in drawn:
                return drawn[number]
            if way < 0.3 and len(number) in MARKED:
                fresh = chance.choice(MARKED[len(number)])
            elif way < 0.35 and drawn:
                fresh = next(reversed(drawn.values()))[: len(number)].ljust(len(number), "7")
            else:
                fresh = f"{chance.randrange(10 ** len(number)):0{len(number)}}"
            drawn[number] = fresh
            return fresh

        varied = re.sub("[0-9]+", other, text)
        own = chance.choice([*SENDERS, *re.findall("[0-9]+", varied)[:2]])
        yield varied, own


def differences(texts: list[str], memory: Memory, times: int) -> list[str]:
    chance = random.Random(SEED)
    return [
        varied
        for text in texts
        for varied, sender in variants(text, chance, times)
        if memory.read(varied, sender) != read_message(varied, sender, all_brands())
    ]


def all_texts() -> list[str]:
    """Every labelled SMS of the tests, with and without a code."""
    texts = [text for _, text in (*with_code(), *besides(), *negatives())] + without_code()
    for file in sorted((Path(__file__).parent / "languages").glob("*.toml")):
        lists = tomllib.loads(file.read_text("utf-8"))
        texts += [text for text, _ in lists.get("code", [])] + lists.get("none", [])
    return texts


class Eager(Memory):
    """Keeps every shape when it comes first."""

    def _meet(self, key: bytes, message: Message, text: str) -> None:
        self._met[key] = None
        super()._meet(key, message, text)


def test_remembered_is_read_afresh_for_a_sample_of_all_messages() -> None:
    memory = Eager(all_brands())
    assert differences(all_texts()[::60], memory, 5) == []
    assert memory.hits > 150


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_remembered_is_read_afresh_for_all_messages() -> None:
    memory = Eager(all_brands())
    assert differences(all_texts(), memory, 3) == []
    assert memory.hits > 7_000


# What a shape tells; without it the same check finds messages that are read wrongly.
TOLD = {
    "facts": ("numbank.codes.shapes.facts_of", lambda _number: ""),
    "what is joined": ("numbank.codes.shapes._is_apart", lambda *_place: True),
    "what is equal": ("numbank.codes.shapes._unlike_others", lambda masked, _digits: masked),
    "numbers of firms": ("numbank.codes.memory._own_numbers", frozenset),
    "the sender's own number": ("numbank.codes.memory.own_number", lambda _sender: ""),
    "words": ("numbank.codes.memory.shape_of", lambda text, *_: re.sub("[a-z0-9]", "", text)),
}


@pytest.mark.parametrize(("place", "instead"), TOLD.values(), ids=TOLD.keys())
def test_the_check_sees_what_a_shape_keeps_from_us(
    place: str, instead: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, instead)
    texts = [text for pair in ANOTHER_MEANING.values() for text in pair for _ in range(20)] + all_texts()[::150]
    assert differences(texts, Memory(all_brands()), 6)


# Pairs that differ in digits only: the first is read until it is remembered, the second may mean something else.
ANOTHER_MEANING = {
    "a year": ("Join us on 4829 of November", "Join us on 2026 of November"),
    "a year of another calendar": ("รหัส 4829 พ.ย.", "รหัส 2569 พ.ย."),
    "a clock time": ("4829 to join the meeting", "1530 to join the meeting"),
    "a firm": ("[48291] Your bill is here, reply to 48291", "[10086] Your bill is here, reply to 10086"),
    "a call centre": ("Your code: 4829 1234", "Your code: 1800 1234"),
    "a leading zero": ("Call 4829 90 04 81 code", "Call 0829 90 04 81 code"),
    "one number twice": ("Codes: 482913, 482913", "Codes: 482913, 555222"),
    "one number in two spellings": ("Your login 482913 (482-913)", "Your login 555222 (482-913)"),
    "a part of the other": ("Your login 482913 4829", "Your login 482913 5512"),
    "a date": ("Code 48291357 10:30 sent", "Code 20261121 10:30 sent"),
    "a round number with letters": ("Use code SAV48291 now", "Use code SAV48290 now"),
    "a year with letters": ("Take SAVE4829 now", "Take SAVE2026 now"),
    "thousands": ("482 913 is yours", "482 000 is yours"),
    "minutes": ("482913 is good for 5 minutes", "482913 is good for 55555 minutes"),
    "a joined number": ("Code 20261121 12:7599 sent", "Code 20261121 12:5599 sent"),
}


@pytest.mark.parametrize(("usual", "other"), ANOTHER_MEANING.values(), ids=ANOTHER_MEANING.keys())
@pytest.mark.parametrize("sender", ["", "Verify", "482913", "1234"])
def test_what_digits_mean_is_never_taken_from_other_digits(usual: str, other: str, sender: str) -> None:
    for first, second in ((usual, other), (other, usual)):
        memory = Memory(all_brands())
        for _ in range(3):
            assert memory.read(first, sender) == read_message(first, sender, all_brands())
        assert memory.read(second, sender) == read_message(second, sender, all_brands())


def test_the_code_is_the_one_of_the_message_and_the_third_of_a_shape_is_remembered() -> None:
    memory = Memory(all_brands())
    codes = [
        memory.read(f"Your login code: {number}. Good for 5 minutes", "Acme").found.code
        for number in range(482913, 482923)
    ]
    assert codes == [str(number) for number in range(482913, 482923)]
    assert (memory.misses, memory.hits) == (2, 8)


@pytest.mark.parametrize(
    "template",
    [
        "Your code: {}",
        "<#> Code {} for Google",
        "{} הוא קוד האימות שלך",
        "[微信]验证码{}，5分钟内有效",
        "@acme.com #{}",
    ],
)
def test_four_digits_are_remembered_in_all_their_meanings(template: str) -> None:
    memory = Memory(all_brands())
    for number in random.Random(SEED).sample(range(10_000), 800):
        text = template.format(f"{number:04}")
        assert memory.read(text, "") == read_message(text, "", all_brands()), text
    assert memory.hits > 700


def test_the_sender_tells_who_it_is_and_which_number_is_his_own() -> None:
    memory = Memory(all_brands())
    text = "Your code: {}"
    for _ in range(3):
        assert memory.read(text.format(482913), "482913").found.code is None
        assert memory.read(text.format(555222), "482913").found.code == "555222"
        assert (
            memory.read(text.format(482913), "Google").senders
            == read_message(text.format(482913), "Google", all_brands()).senders
        )
        assert memory.read(text.format("482-913"), "482913").found.code is None
        assert memory.read(text.format("482-913"), "555222").found.code == "482913"


def test_an_expression_of_the_operator_may_ask_for_any_digits() -> None:
    rows = [("ac", ["Acme"]), ("zz", ["Zzyx"])]
    brands = Brands.build(
        rows,
        [Hint("ac", HintKind.TEMPLATE, r"re:code 4[0-9]{5}\b"), Hint("zz", HintKind.TEMPLATE, "your code 999{any}x")],
    )
    memory = Memory(brands)
    for number in (482913, 482914, 482915, 582913, 582914, 582915, 482916):
        text = f"Your code {number}"
        assert memory.read(text, "") == read_message(text, "", brands)
        assert memory.read(text, "").services == (frozenset({"ac"}) if str(number)[0] == "4" else frozenset())


def test_a_country_has_its_own_names_and_senders() -> None:
    rows = [("ac", ["Acme"]), ("zz", ["Zzyx"])]
    hints = [Hint("ac", HintKind.SENDER, "55512", "US"), Hint("zz", HintKind.NAME, "Quux", "GB")]
    memory = Memory(brands := Brands.build(rows, hints))
    for number in range(482913, 482918):
        for country in ("US", "GB", ""):
            text = f"Your Quux code is {number}"
            assert memory.read(text, "55512", country) == read_message(text, "55512", brands, country=country)
    assert memory.hits == 9


def test_digits_of_any_script_and_entities_are_read_in_their_plain_spelling() -> None:
    memory = Memory(all_brands())
    texts = ["رمز التحقق ٤٨٢٩١٣", "رمز التحقق ٥٥٥٢٢٢", "رمز التحقق 700812", "رمز التحقق &#52;82913"]
    assert [memory.read(text, "").found.code for text in texts] == ["482913", "555222", "700812", "482913"]
    assert memory.hits == 2


def test_no_text_no_digit_and_no_sender_stays() -> None:
    memory = Memory(all_brands())
    for number in range(482913, 482918):
        memory.read(f"Your secret login code: {number} or {number}", f"+1555{number}")
        memory.read(f"Your secret login code: 482-{number % 1000}", "Acme")
    assert len(memory) == 1
    kept = repr((memory._kept, memory._met))
    assert not re.search("48291[0-9]|secret|1555", kept)


def flood(memory: Memory, times: int) -> None:
    chance = random.Random(SEED)
    for _ in range(times):
        memory.read(f"{''.join(chance.choices('abcdefghij', k=12))} code: 482913", "")


def test_messages_that_are_all_different_drive_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "MOST_SHAPES", 10)
    monkeypatch.setattr(memories, "MOST_MET", 20)
    memory = Memory(all_brands())
    for _ in range(2):
        memory.read("Your code: 482913", "")
    flood(memory, 100)
    memory.read("Your code: 555222", "")
    assert memory.hits == 1
    flood(memory, 15)
    flood(memory, 15)  # these came twice
    assert (len(memory), len(memory._met)) == (10, 5)
    memory.read("Your code: 700812", "")
    assert memory.hits == 1


def test_a_full_memory_is_a_few_megabytes() -> None:
    brands, chance = all_brands(), random.Random(SEED)
    tracemalloc.start()
    memory = Memory(brands)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(200):
        text = "".join(chance.choices("abcdefghij ", k=40)) + "Google or Amazon code: 482913 or 5552 or 7712"
        memory.read(text, "")
        memory.read(text, "")
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(memory) == 200
    assert grown / 200 < 2_500  # with its share of what is made once


def test_a_long_text_a_cut_one_and_one_of_many_numbers_have_no_shape() -> None:
    memory = Memory(all_brands())
    for text in ("Your code: 482913 " + "x" * 400, "Your code: 482913 " * 2_000, "1234 " * 25):
        for _ in range(3):
            assert memory.read(text, "") == read_message(text, "", all_brands())
    assert memory.hits == 0
