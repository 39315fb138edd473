"""Templates: what they match, what is refused, and how the operator's replace the package's."""

import random
import time

import pytest

from numbank.codes.message import read_message
from numbank.codes.plain import normalise
from numbank.codes.services import Brands, Hint, HintError, HintKind, check_hint, named_services
from numbank.codes.services.hints import MAX_PATTERN, MAX_PLACES, compile_pattern
from numbank.codes.services.templates import MAX_PER_SERVICE, MOST_MATCHES, Template, compile_templates

pytestmark = pytest.mark.unit

ROWS = [("aa", ("Acme",)), ("bb", ("Beta",)), ("tg", ("Telegram",))]


def found(pattern: str, text: str) -> list[str | None]:
    """The codes that a pattern shows in a text: None where it shows none."""
    templates, refused = compile_templates([Template("aa", pattern)])
    assert not refused
    plain = normalise(text)
    return [
        None if match.code_start is None else plain.text[match.code_start :].split()[0].strip(".,")
        for match in templates.find(plain)
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "code"),
    [
        ("Welcome aboard: {code}", "Welcome aboard: 482913", "482913"),
        ("Welcome aboard: {code}", "WELCOME  ABOARD:  482913.", "482913"),
        ("Welcome aboard: {code}", "Привет! Welcome aboard: ٤٨٢٩", "4829"),
        ("{code} takes you aboard", "Hi, 4829 takes you aboard", "4829"),
        ("{code} takes you aboard", "123-456 takes you aboard", "123-456"),
        ("Welcome{any}enter {code} now", "Welcome to us, please enter 482913 now", "482913"),
        ("รหัสของท่าน {code}", "รหัสของท่าน 482913", "482913"),
        ("Code (1+1): {code}", "Code (1+1): 482913", "482913"),
        ("Welcome aboard", "Welcome aboard, 482913", None),
        (r"re:\bA-(?P<code>[0-9]{6})\b", "A-482913 it is", "482913"),
        (r"re:(?i)acme\s+team\z", "Thanks, the ACME team", None),
    ],
)  # fmt: skip
def test_what_a_pattern_shows(pattern: str, text: str, code: str | None) -> None:
    assert found(pattern, text) == [code]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("Welcome aboard: {code}", "Welcome on board: 482913"),
        ("{code} takes you aboard", "takes you aboard"),
        (r"re:\bA-(?P<code>[0-9]{6})\b", "AA-482913"),
        (r"re:Acme", "acme"),
    ],
)
def test_what_a_pattern_does_not_match(pattern: str, text: str) -> None:
    assert found(pattern, text) == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "1 to 500 characters"),
        ("x" * (MAX_PATTERN + 1), "1 to 500 characters"),
        ("two\nlines", "printable"),
        ("{code}", "letters or digits of its own"),
        ("a {any} {code}", "letters or digits of its own"),
        ("Code {code} or {code}", "one {code} at most"),
        ("Code {number}", "{code} and {any}"),
        ("re:(unclosed", "does not compile: missing"),
        (r"re:(?=ahead)x", "does not compile"),
        (r"re:(x)\1", "does not compile"),
        ("re:(?:.{0,500}x){9}", "too large|does not compile"),
        ("re:.*", "every message"),
        ("re:.", "every message"),
        (r"re:\b", "every message"),
        (r"re:[\s\S]{3}", "every message"),
        (r"re:(?P<code>\d{4,8})", "every message"),
        ("a{any}" * (MAX_PLACES + 1), "5 places at most"),
        ("re:(?P<pin>[0-9]{4})", "only group with a name"),
    ],
)
def test_a_pattern_that_is_refused_says_why_in_one_line(pattern: str, reason: str) -> None:
    with pytest.raises(HintError, match=reason) as error:
        check_hint(Hint("aa", HintKind.TEMPLATE, pattern))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "  ", "\u200b\n", "---", "x" * 501])
def test_names_and_senders_that_are_refused(text: str) -> None:
    for kind in (HintKind.NAME, HintKind.SENDER):
        with pytest.raises(HintError):
            check_hint(Hint("aa", kind, text))


def test_a_word_of_many_messages_is_no_name() -> None:
    with pytest.raises(HintError, match="no name"):
        check_hint(Hint("aa", HintKind.NAME, "Code"))
    check_hint(Hint("aa", HintKind.SENDER, "INFO"))


def test_thousands_of_hints_are_built_in_no_time() -> None:
    kinds = {HintKind.NAME: "Brand {} x", HintKind.SENDER: "snd{}", HintKind.TEMPLATE: "welcome {} to {{code}}"}
    hints = [
        Hint(ROWS[number % 3][0], kind, text.format(number), ("DE", "")[number % 2])
        for kind, text in kinds.items()
        for number in range(3_000)
    ]
    begin = time.perf_counter()
    brands = Brands.build(ROWS, hints)
    assert time.perf_counter() - begin < 2.0
    assert len(brands.refused) == 3_000 - 3 * MAX_PER_SERVICE
    assert named_services("Your Brand 2999 x code is 4829", "", brands, country="DE") == {ROWS[2999 % 3][0]}


def test_what_cannot_be_used_is_left_out_with_a_line_each() -> None:
    many = [Template("aa", f"Welcome number {index}") for index in range(MAX_PER_SERVICE + 1)]
    templates, refused = compile_templates([Template("bb", "re:("), *many])
    assert len(refused) == 2
    assert len(templates.find(normalise("Welcome number 7"))) == 1
    brands = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "re:("), Hint("aa", HintKind.NAME, "Ackme")])
    assert len(brands.refused) == 1
    assert named_services("Your Ackme code is 4829", "", brands) == {"aa"}


def test_no_templates_match_nothing() -> None:
    templates, refused = compile_templates([])
    assert not refused
    assert templates.find(normalise("anything 482913")) == []


def test_a_template_names_its_service_in_its_country_only() -> None:
    brands = Brands.build(ROWS, [Hint("aa", HintKind.TEMPLATE, "Welcome aboard: {code}", "DE")])
    text = "Welcome aboard: 482913"
    assert named_services(text, "", brands, country="DE") == {"aa"}
    assert named_services(text, "", brands, country="FR") == set()
    assert named_services(text, "", brands) == set()


def test_the_operators_templates_replace_those_of_the_package() -> None:
    own = "Login code: 48291. Do not give this code to anyone, even if they say they are from Telegram!"
    unnamed = own.replace("Telegram", "us")
    new = Hint("tg", HintKind.TEMPLATE, "even if they say they are from us")
    plain = normalise(own)
    assert Brands.build(ROWS).templates.find(plain)
    assert named_services(unnamed, "", Brands.build(ROWS)) == set()
    replaced = Brands.build(ROWS, [new])
    assert not replaced.templates.find(plain)
    assert named_services(unnamed, "", replaced) == {"tg"}
    in_one = Brands.build(ROWS, [Hint("tg", new.kind, new.text, "DE")]).templates
    assert not in_one.find(plain, "DE")
    assert in_one.find(plain, "FR")
    assert in_one.find(plain)


def test_an_operators_sender_belongs_to_nobody_else() -> None:
    brands = Brands.build(ROWS, [Hint("aa", HintKind.SENDER, "12345"), Hint("bb", HintKind.SENDER, "Telegram", "DE")])
    assert named_services("482913", "12345", brands) == {"aa"}
    assert named_services("482913", "Telegram", brands, country="DE") == {"bb"}
    assert named_services("482913", "Telegram", brands, country="FR") == {"tg"}


def test_an_operators_name_belongs_to_nobody_else() -> None:
    hints = [
        Hint("bb", HintKind.NAME, "Acme"),
        Hint("aa", HintKind.NAME, "Zorro", "MX"),
        Hint("no", HintKind.NAME, "Nope"),
    ]
    brands = Brands.build(ROWS, hints)
    assert named_services("Your Acme code is 4829", "", brands) == {"bb"}
    assert named_services("Your Zorro code is 4829", "", brands, country="MX") == {"aa"}
    assert named_services("Your Zorro code is 4829", "", brands) == set()
    assert named_services("Your Nope code is 4829", "", brands) == set()


def _random(letters: str) -> str:
    return "".join(random.Random(letters).choices(letters, k=60_000))


# Sets of patterns whose states explode on random texts.
HOSTILE = {
    "expressions": [f"re:(?:x|y)*x(?:x|y){{{12 + index % 80}}}z" for index in range(300)],
    "repeats": [f"re:(?:[a-z]{{0,{40 + index}}}y){{3}}z" for index in range(60)],
    "codes": [f"{{code}}q{{any}}bc{index}d" for index in range(2_000)],
    "places": [f"xy{{any}}yx{{any}}xx{{any}}yy{{any}}x{index}" for index in range(2_000)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_pattern_hangs(name: str) -> None:
    rows = [Template(f"s{index // MAX_PER_SERVICE}", pattern) for index, pattern in enumerate(HOSTILE[name])]
    templates, _ = compile_templates(rows)
    for text in ("xy" * 30_000, "y" * 60_000, _random("xy"), _random("ab1 "), _random("xyzq1 ")):
        plain = normalise(text)
        begin = time.perf_counter()
        templates.find(plain)
        assert time.perf_counter() - begin < 0.5


def test_a_message_has_few_templates() -> None:
    rows = [Template(f"s{index}", "Welcome{any}aboard") for index in range(MOST_MATCHES + 5)]
    templates, refused = compile_templates([*rows, Template("zz", "Welcome aboard", "DE")])
    assert not refused
    assert len(templates.find(normalise("Welcome aboard"))) == MOST_MATCHES


@pytest.mark.parametrize(
    "text", ["Thanks for the 20 EUR, call 555 0100", "Thanks, order 48291356790123 is here", "Thanks"]
)
def test_a_template_invents_no_code(text: str) -> None:
    hints = [
        Hint("aa", HintKind.TEMPLATE, r"re:Thanks.*?(?P<code>\w*)\b"),
        Hint("bb", HintKind.TEMPLATE, "thanks{any}{code}"),
    ]
    message = read_message(text, "", Brands.build(ROWS, hints))
    assert message.found.code is None
    assert "aa" in message.services


def test_a_pattern_reads_its_expression_literally() -> None:
    assert compile_pattern("Code a.b: {code}").search("code axb: 1234") is None
