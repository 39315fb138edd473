"""Every setting of the bank, once: name, type, default, bounds and one line of doc; read from `NUMBANK_*`.

The settings stand in the modules beside this one, by what they are for; each adds its own to those of the one before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from numbank.errors import OperatorError
from numbank.places import reachable
from numbank.settings.keeping import KeepingSettings
from numbank.settings.kinds import DEFAULT_DATA, MOST_SECONDS, PREFIX

# Set by the supervisor for its workers: whose end is theirs too.
SUPERVISOR = PREFIX + "SUPERVISOR_PID"
TESTS_OWN = PREFIX + "TEST_"
MINOR_PER_UNIT = 10_000


class Settings(KeepingSettings, frozen=True, kw_only=True):
    """All settings. Times are seconds (`_s`), money is 1/10,000 of the currency (`_minor`)."""

    @property
    def secrets_path(self) -> Path:
        """The key file that seals secrets."""
        return Path(self.secrets_file).expanduser().resolve() if self.secrets_file else self.data_dir / "secrets.key"

    @property
    def data_dir(self) -> Path:
        """The data folder as an absolute path; a default that root's PostgreSQL could not reach moves (places.py)."""
        path = Path(self.data).expanduser().resolve()
        return reachable(path, "data") if self.data == DEFAULT_DATA else path


def load(environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Read the settings from the environment; `given` (command-line options) beats it, None means not given."""
    environ = os.environ if environ is None else environ
    raw: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        text = environ.get(PREFIX + name.upper())
        if text is not None:
            raw[name] = text.strip()
    raw.update({name: value for name, value in given.items() if value is not None})
    try:
        settings = msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        message = str(error)
        field = message.partition("$.")[2].rstrip("`") or "?"
        reason = message.partition(" - at ")[0]
        if words := _words_of(field):
            reason = f"expected {' or '.join(words)}"
        raise OperatorError(f"setting {PREFIX}{field.upper()}={raw.get(field)!r}: {reason}") from None
    _check(settings)
    if settings.database_url_file and not settings.database_url:
        settings = msgspec.structs.replace(settings, database_url=_read(settings.database_url_file))
    return settings


def _read(file: str) -> str:
    """The one line of a file that holds a setting."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"setting {PREFIX}DATABASE_URL_FILE={file!r}: it cannot be read ({type(error).__name__})"
        ) from None


# The faults of the simulator; what they mean is written there (suppliers/simulator/plan.py).
FAULTS = ("never", "late", "twice", "wrong", "nocode", "two")
# Shares are decimals of a user: 0.1 * 10 may add up to a little more than one.
ROUNDING = 1e-9


def _check(settings: Settings) -> None:
    """What a type and bounds cannot say."""
    for name in ("activation_life_overrides", "early_cancel_overrides", "call_code_overrides"):
        shares(getattr(settings, name), PREFIX + name.upper())
    prices_by_currency(settings.additional_service_prices, PREFIX + "ADDITIONAL_SERVICE_PRICES")
    fault_shares(settings.sandbox_faults)
    try:
        ZoneInfo(settings.time_zone)
    except (ValueError, OSError, KeyError):  # a path, a folder such as `Europe`, a name that is not there
        raise _refused("time_zone", settings, "this system knows no such zone; expected a name such as UTC") from None


def _words_of(field: str) -> tuple[str, ...]:
    """The words that a setting can be; none for what is no choice."""
    hint: Any = get_type_hints(Settings).get(field)
    return get_args(hint) if get_origin(hint) is Literal else ()


def _refused(name: str, settings: Settings, reason: str) -> OperatorError:
    return OperatorError(f"setting {PREFIX}{name.upper()}={getattr(settings, name)!r}: {reason}")


def fault_shares(text: str) -> dict[str, float]:
    """Read the fault plan of the simulator; OperatorError on an unknown fault, or on shares of more than one together."""
    setting = PREFIX + "SANDBOX_FAULTS"
    faults = shares(text, setting)
    for fault, share in faults.items():
        if fault not in FAULTS:
            raise OperatorError(f"setting {setting}={text!r}: there is no fault {fault!r}, only {', '.join(FAULTS)}")
        if share > 1:
            raise OperatorError(f"setting {setting}={text!r}: the share of {fault} must be 0 to 1")
    if sum(faults.values()) > 1 + ROUNDING:
        raise OperatorError(f"setting {setting}={text!r}: the shares are more than 1 together")
    return faults


def shares(text: str, setting: str = "") -> dict[str, float]:
    """Read `name=number,name=number`; raises OperatorError on anything else. `setting` is what the message names."""
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not name or not 0 <= value <= MOST_SECONDS:
            shown = f"{setting}={text!r}" if setting else repr(text)
            raise OperatorError(f"setting {shown}: expected name=number with commas between, got {part!r}")
        found[name] = value
    return found


def prices_by_currency(text: str, setting: str = "") -> dict[int, int]:
    """Read `643=5,840=0.1`, prices by currency, as 1/10,000; raises OperatorError on anything else."""
    found: dict[int, int] = {}
    for currency, price in shares(text, setting).items():
        minor = round(price * MINOR_PER_UNIT)
        is_currency = currency.isascii() and currency.isdigit() and 0 < int(currency) < 1_000
        if not is_currency or minor / MINOR_PER_UNIT != price:
            shown = f"{setting}={text!r}" if setting else repr(text)
            got = f"{currency}={price:g}"
            raise OperatorError(f"setting {shown}: expected currency=price with at most four decimals, got {got}")
        found[int(currency)] = minor
    return found


def unknown(environ: Mapping[str, str] | None = None) -> list[str]:
    """One line for each `NUMBANK_*` variable that no setting reads: most likely a slip of the pen."""
    environ = os.environ if environ is None else environ
    known = [PREFIX + name.upper() for name in Settings.__struct_fields__]
    lines = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in (*known, SUPERVISOR) and not name.startswith(TESTS_OWN):
            near = get_close_matches(name, known, 1)
            lines.append(f"{name} is no setting and has no effect" + (f"; did you mean {near[0]}?" if near else ""))
    return lines


class Line(msgspec.Struct, frozen=True):
    """One row of `numbank settings`."""

    name: str
    value: object
    source: str
    doc: str


def describe(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Line]:
    """Every setting with its value, where that came from (environment or default) and its line of doc."""
    environ = os.environ if environ is None else environ
    hints = get_type_hints(Settings, include_extras=True)
    lines = []
    for name in Settings.__struct_fields__:
        meta = [item for item in hints[name].__metadata__ if isinstance(item, Meta) and item.description]
        source = "environment" if PREFIX + name.upper() in environ else "default"
        value = getattr(settings, name)
        if name == "database_url" and value:
            value = redact_url(value)
        lines.append(Line(PREFIX + name.upper(), value, source, meta[-1].description or ""))
    return lines


def redact_url(url: str) -> str:
    """A database URL without its password, for logs and screens; what cannot be told from a password goes too."""
    url = re.sub(r"(?i)(password=)[^&]*", r"\1***", url)
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, slashes, credentials = head.partition("://")
    user = credentials.partition(":")[0]
    return f"{scheme}{slashes}{user}:***@{tail}"
