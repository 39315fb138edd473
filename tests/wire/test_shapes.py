"""The language of replies: what it accepts, what it does not, and that it is never misread."""

from __future__ import annotations

import pytest

from numbank.wire.dialects import DIALECTS
from numbank.wire.registry import Action
from numbank.wire.shapes import compiled, matches

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("ACCESS_NUMBER:<id>:<phone>", "ACCESS_NUMBER:100000001:79100000000"),
        ("FULL_SMS:<text>", "FULL_SMS:one: two\nthree"),
        ("FULL_SMS:<text>", "FULL_SMS:"),
        ("ACCESS_BALANCE:<decimal>", "ACCESS_BALANCE:17.154"),
        ("{}", "{}"),
        ('{"a":<number>}', '{"a":1.5}'),
        ('{"a":1}', '{"a":1}'),
        ('{"a":"x"|null}', '{"a":null}'),
        ('{"a":..,..}', '{"a":[],"b":2}'),
        ('{"<country>":{"<service>":{"count":<number>}}}', '{"0":{"tg":{"count":2},"wa":{"count":0}},"1":{}}'),
        ('[{"id":"<id>"}]', '[{"id":"100000001"},{"id":"2"}]'),
        ('[{"id":"<id>"}]', "[]"),
        ("[]", "[]"),
        ('{"at":"<date>"}', '{"at":"2026-01-31 10:00:00"}'),
        ('{"ok":true}', '{"ok":true}'),
        ('{"<decimal>":<number>}', '{"0.10":3,"12.5":1}'),
    ],
)
def test_what_is_described_matches(shape: str, body: str) -> None:
    assert matches(shape, body)


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("ACCESS_NUMBER:<id>:<phone>", "ACCESS_NUMBER:100000001:+79100000000"),
        ("ACCESS_BALANCE:<decimal>", "ACCESS_BALANCE: 17.154"),
        ("STATUS_OK:<code>", "STATUS_OK:12:34"),
        ("STATUS_OK:<code>", "STATUS_OK:"),
        ("STATUS_CANCEL", "STATUS_CANCEL\n"),
        ("{}", '{"a":1}'),
        ("{}", "not json"),
        ('{"a":<number>}', '{"a":"1"}'),
        ('{"a":<number>}', '{"a":true}'),
        ('{"a":1}', '{"a":"1"}'),
        ('{"a":1}', '{"a":2}'),
        ('{"a":".."}', '{"a":null}'),
        ('{"a":..}', '{"a":1,"b":2}'),
        ('{"a":..,..}', '{"b":2}'),
        ('{"<country>":{"count":<number>}}', '{"0":{"count":null}}'),
        ('[{"id":"<id>"}]', '[{"id":100000001}]'),
        ('[{"id":"<id>"}]', "{}"),
        ("[]", "[1]"),
        ('{"ok":true}', '{"ok":1}'),
        ('{"<decimal>":<number>}', '{"cheap":3}'),
    ],
)
def test_what_is_not_described_does_not(shape: str, body: str) -> None:
    assert not matches(shape, body)


@pytest.mark.parametrize(
    "shape", ["<nonsense>", "{", '{"a"}', '{"a":}', '{"a":1} x', '{"a":1', "[1,2]", '{"a":<what>}', "[?]"]
)
def test_what_is_not_in_the_language_is_an_error(shape: str) -> None:
    with pytest.raises(ValueError):
        compiled(shape)


@pytest.mark.parametrize(
    "action",
    [action for dialect in DIALECTS for action in dialect.actions.values()],
    ids=[f"{dialect.name}-{name}" for dialect in DIALECTS for name in dialect.actions],
)
def test_every_reply_of_every_action_is_in_the_language(action: Action) -> None:
    for shape in action.replies:
        compiled(shape)
