"""Hints that an operator would regret are told before they are kept."""

import pytest

from numbank.codes.services import Hint, HintKind
from numbank.codes.services.traps import same_hint, trap_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (HintKind.TEMPLATE, "code {code}"),
        (HintKind.TEMPLATE, "Your code is {code}"),
        (HintKind.TEMPLATE, "{code} is your verification code"),
        (HintKind.TEMPLATE, "Votre code est {code}"),
        (HintKind.TEMPLATE, "Ваш код: {code}"),
        (HintKind.TEMPLATE, "您的验证码是{code}"),
        (HintKind.TEMPLATE, "Abcd: {code}"),
        (HintKind.TEMPLATE, "re:code is (?P<code>[0-9]{4,8})"),
        (HintKind.NAME, "a"),
        (HintKind.NAME, "your"),
        (HintKind.NAME, "Your code"),
        (HintKind.NAME, "1234"),
        (HintKind.SENDER, "Info"),
        (HintKind.SENDER, "x"),
    ],
)
def test_what_would_match_messages_of_all_is_refused_in_one_line(kind: HintKind, text: str) -> None:
    trap = trap_of(Hint("wa", kind, text))
    assert trap
    assert "\n" not in trap


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (HintKind.TEMPLATE, "Votre code Zorbex est {code}"),
        (HintKind.TEMPLATE, "Ваш код Зорбекс: {code}"),
        (HintKind.TEMPLATE, "左贝验证码{code}"),
        (HintKind.TEMPLATE, "re:^ZBX (?P<code>[0-9]{6})\\b"),
        (HintKind.NAME, "Zorbex"),
        (HintKind.NAME, "Code4You"),
        (HintKind.NAME, "左贝"),
        (HintKind.SENDER, "32665"),
        (HintKind.SENDER, "ZBXSMS"),
    ],
)
def test_what_is_a_services_own_is_taken(kind: HintKind, text: str) -> None:
    assert trap_of(Hint("wa", kind, text)) is None


def test_any_other_service_has_no_hints() -> None:
    for service in ("ot", "full"):
        assert trap_of(Hint(service, HintKind.NAME, "Zorbex")) is not None


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (HintKind.TEMPLATE, "Votre code  Zorbex est {code}", "votre CODE Zorbex est {code}"),
        (HintKind.NAME, "Zorbex", "ZORBEX"),
        (HintKind.SENDER, "ZBX-SMS", "zbxsms"),
    ],
)
def test_what_recognition_cannot_tell_apart_is_the_same(kind: HintKind, one: str, other: str) -> None:
    assert same_hint(Hint("wa", kind, one)) == same_hint(Hint("wa", kind, other))
    assert same_hint(Hint("wa", kind, one)) != same_hint(Hint("tg", kind, other))
    assert same_hint(Hint("wa", kind, one)) != same_hint(Hint("wa", kind, other, "FR"))


def test_expressions_are_the_same_letter_by_letter_only() -> None:
    assert same_hint(Hint("wa", HintKind.TEMPLATE, "re:a  B")) != same_hint(Hint("wa", HintKind.TEMPLATE, "re:a b"))
