"""Settings: read once, checked, described."""

from __future__ import annotations

import pytest

from numbank.errors import OperatorError
from numbank.settings import FAULTS, PREFIX, Settings, describe, load, prices_by_currency, redact_url, shares, unknown
from numbank.suppliers.simulator.plan import Fault

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
        ("EARLY_CANCEL_OVERRIDES", "tg=-1"), ("SANDBOX_FAULTS", "nevr=0.1"), ("SANDBOX_FAULTS", "never=1.1"),
        ("SANDBOX_FAULTS", "never=0.6,late=0.6"), ("TIME_ZONE", "Mars/Olympus"), ("TIME_ZONE", "Europe"), ("TIME_ZONE", ""),
        ("TIME_ZONE", "../../etc/passwd"), ("VERSION_MAX_AGE_S", "1.5"), ("SWEEP_EVERY_S", "0"), ("STOCK_FOLD_S", "0.001"),
        ("UNCERTAIN_CODES", "perhaps"), ("VERSION_POLL_S", "0"), ("SWEEP_EVERY_S", "nan"),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(OperatorError) as refused:
        load({PREFIX + name: value})
    assert "\n" not in str(refused.value)
    assert f"{PREFIX}{name}={value!r}" in str(refused.value)


def test_a_word_that_is_no_choice_is_answered_with_the_choices() -> None:
    with pytest.raises(OperatorError, match="expected withhold or deliver"):
        load({PREFIX + "UNCERTAIN_CODES": "maybe"})


def test_every_setting_has_its_line() -> None:
    lines = describe(load({}), {})
    assert [line.name for line in lines] == [PREFIX + name.upper() for name in Settings.__struct_fields__]
    assert all(line.doc and line.source == "default" for line in lines)


def test_a_database_password_is_never_shown() -> None:
    assert redact_url("postgresql://me:hunter2@host/db") == "postgresql://me:***@host/db"
    environ = {"NUMBANK_DATABASE_URL": "postgresql://me:hunter2@host/db"}
    assert "hunter2" not in repr(describe(load(environ), environ))


def test_a_password_in_the_query_of_a_url_is_not_shown_either() -> None:
    shown = redact_url("postgresql://host/db?user=me&password=hunter2&port=1")
    assert shown == "postgresql://host/db?user=me&password=***&port=1"
    for url in ("postgresql://me:hunter?2@host/db", "postgresql://h/db?password=hunter2@x&y=1@2"):
        assert "hunter" not in redact_url(url)


def test_the_faults_are_those_of_the_simulator_and_may_add_up_to_one() -> None:
    assert set(FAULTS) == set(Fault)
    assert load({"NUMBANK_SANDBOX_FAULTS": ",".join(["never=0.5", "late=0.3", "two=0.2"])}).sandbox_faults


def test_a_variable_that_is_no_setting_is_one_line_that_says_what_it_may_mean() -> None:
    environ = {
        "NUMBANK_LISTN": "x", "NUMBANK_XYZZY": "x", "NUMBANK_SUPERVISOR_PID": "1", "NUMBANK_TEST_DSN": "x",
        "NUMBANK_LISTEN": "127.0.0.1:1", "HOME": "/",
    }  # fmt: skip
    first, second = unknown(environ)
    assert first == "NUMBANK_LISTN is no setting and has no effect; did you mean NUMBANK_LISTEN?"
    assert second.startswith("NUMBANK_XYZZY is no setting")
    assert unknown({}) == []


def test_overrides_per_service() -> None:
    assert shares("ya=2400, ig=3600") == {"ya": 2400.0, "ig": 3600.0}
    assert shares("") == {}


def test_prices_by_currency_are_read_in_small_units() -> None:
    assert prices_by_currency("643=5, 840=0.1,978=0.0125") == {643: 50_000, 840: 1_000, 978: 125}
    assert prices_by_currency("") == {}


@pytest.mark.parametrize("text", ["x=1", "840=0.00001", "840", "840=-1", "0=1", "1000=1"])
def test_a_price_by_currency_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="ADDITIONAL_SERVICE_PRICES"):
        load({}, additional_service_prices=text)
