"""What the shape of a message relies on: facts of numbers, and that no word of the data begins or ends within a number."""

import re

import pytest

from numbank.codes.lexicon import language_files
from numbank.codes.memory import Memory
from numbank.codes.places import code_at, places_of
from numbank.codes.plain import spelled
from numbank.codes.rows import all_brands
from numbank.codes.services.name import brand_words
from numbank.codes.shapes import LONGEST_TEXT, MOST_NUMBERS, facts_of, shape_of
from numbank.codes.wordlist import table

pytestmark = pytest.mark.unit

NAMES = frozenset({"1688"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Code 482913", "Code 555222"),
        ("482913 and 7712, good for 5 minutes", "555222 and 3998, good for 5 minutes"),
        ("Code 4829 4829", "Code 5531 5531"),
        ("验证码482913，请勿泄露", "验证码555222，请勿泄露"),
        ("@acme.com #482913", "@acme.com #555222"),
    ],
)
def test_texts_with_other_digits_have_one_shape_without_them(one: str, other: str) -> None:
    shape = shape_of(one, "", NAMES)
    assert shape == shape_of(other, "", NAMES)
    assert shape is not None
    assert re.search("[0-9]{4}", shape) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Code 482913", "Code 48291"),
        ("Code 482913", "Code 082913"),
        ("Code 482913", "code 482913"),
        ("Code 4829 4829", "Code 4829 5531"),
        ("Code 4829", "Code 2026"),
        ("Code 4829", "Code 1926"),
        ("Code 4829", "Code 1530"),
        ("Code 4829", "Code 2569"),
        ("Code 4829", "Code 1688"),
        ("Code 1588", "Code 1800"),
        ("Code 48291357", "Code 20261121"),
        ("482913 is good for 5 minutes", "482913 is good for 6 minutes"),
        ("Code 482-913", "Code 482-914"),
        ("Code 482913 (482-913)", "Code 555222 (482-913)"),
        ("Code 4829.5531", "Code 4829.5532"),
        ("Code AB4829", "Code AB5531"),
        ("Call 4829135550", "Call 4829135551"),
        ("Code 482913 2913", "Code 482913 5512"),
    ],
)
def test_whatever_a_rule_may_ask_is_in_the_shape(one: str, other: str) -> None:
    assert shape_of(one, "", NAMES) != shape_of(other, "", NAMES)


def test_the_sender_is_in_the_shape_only_where_his_number_or_name_is() -> None:
    assert shape_of("Code 482913", "482913", NAMES) != shape_of("Code 482913", "", NAMES)
    assert shape_of("Code 482-913", "482913", NAMES) != shape_of("Code 482-913", "", NAMES)
    assert shape_of("Code gVtFmd", "gVtFmd", NAMES) != shape_of("Code gVtFmd", "", NAMES)
    assert shape_of("Code 482913", "555222", NAMES) == shape_of("Code 482913", "Acme", NAMES)


@pytest.mark.parametrize(
    "text", ["1234 " * (MOST_NUMBERS + 1), "x" * (LONGEST_TEXT + 1), "acme.com #4829", "ok\nacme.com #4829"]
)
def test_some_texts_have_no_shape(text: str) -> None:
    assert shape_of(text, "", NAMES) is None


def test_facts_of_a_number_are_few() -> None:
    found = {facts_of(f"{number:04}") for number in range(10_000)}
    assert found == {"", "t", "y", "yt", "19t", "20t", "tc", "zc", "ztc"}
    assert (facts_of("048291"), facts_of("20261121"), facts_of("01112026")) == ("z", "d", "zd")


def test_no_word_of_the_lexicon_begins_or_ends_within_a_number() -> None:
    # One that is open at a digit may, but beside a letter of ASCII: such numbers stand in the shape as they are.
    open_at_digit = re.compile(r"\*[0-9]+(?![0-9A-Za-z])|(?<![0-9A-Za-z])[0-9]+\*")
    words = [spelled(word) for _, lists in language_files() for kind in lists.values() for word in kind]
    assert [word for word in words if open_at_digit.search(word)] == []


def test_no_list_that_is_searched_beside_names_has_digits() -> None:
    assert not any(map(str.isdigit, "".join("".join(words) for words in brand_words().values())))
    assert not any(map(str.isdigit, "".join(table("numbers/joined")["words"])))


def test_numbers_of_firms_sites_and_senders_stand_in_the_shape() -> None:
    known = Memory(all_brands())._names
    assert {"10086", "12306", "1688", "0800", "32665"} <= known
    assert all(len(number) >= 4 for number in known)


@pytest.mark.parametrize(
    ("code", "text", "places"),
    [
        ("482913", "Code 482913", ((5, 11),)),
        ("482913", "Code 482-913.", ((5, 8), (9, 12))),
        ("4829", "14829 4829", ((6, 10),)),
        ("4829", "48291 4829", ((6, 10),)),
        ("AB12-4829", "Ref AB12-4829", ((4, 13),)),
        ("482913", "4 8 2 9 1 3", ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11))),
        ("482913", "Code 482/913", None),
        ("482913", "nothing", None),
    ],
)
def test_places_are_of_whole_numbers(code: str, text: str, places: tuple[tuple[int, int], ...] | None) -> None:
    assert places_of(code, text) == places
    assert places is None or code_at(places, text) == code
