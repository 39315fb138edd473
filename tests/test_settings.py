"""Settings: read once, checked, described."""

from __future__ import annotations

import pytest

from numbank.errors import OperatorError
from numbank.settings import PREFIX, Settings, describe, load, redact_url, shares

pytestmark = pytest.mark.unit


def test_the_environment_is_read_and_the_command_line_beats_it() -> None:
    environ = {"NUMBANK_ACTIVATION_LIFE_S": "60", "NUMBANK_SANDBOX": "true", "NUMBANK_WORKERS": "3"}
    settings = load(environ, workers=2, listen=None)
    assert (settings.activation_life_s, settings.sandbox, settings.workers) == (60.0, True, 2)
    assert settings.listen == "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"), ("WORKERS", "many"), ("EARLY_CANCEL_S", "-1"), ("LOG_LEVEL", "loud"), ("NO_CODE_WORD", "a:b"),
        ("NO_CODE_WORD", ""), ("SANDBOX", "perhaps"), ("SANDBOX_FAULTS", "never"), ("ACTIVATION_LIFE_OVERRIDES", "ya=x"),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(OperatorError) as refused:
        load({PREFIX + name: value})
    assert "\n" not in str(refused.value)
    assert value in str(refused.value)


def test_every_setting_has_its_line() -> None:
    lines = describe(load({}), {})
    assert [line.name for line in lines] == [PREFIX + name.upper() for name in Settings.__struct_fields__]
    assert all(line.doc and line.source == "default" for line in lines)


def test_a_database_password_is_never_shown() -> None:
    assert redact_url("postgresql://me:hunter2@host/db") == "postgresql://me:***@host/db"
    environ = {"NUMBANK_DATABASE_URL": "postgresql://me:hunter2@host/db"}
    assert "hunter2" not in repr(describe(load(environ), environ))


def test_overrides_per_service() -> None:
    assert shares("ya=2400, ig=3600") == {"ya": 2400.0, "ig": 3600.0}
    assert shares("") == {}
