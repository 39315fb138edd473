"""Every setting of the bank, once: name, type, default, bounds and one line of doc; read from `NUMBANK_*`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from numbank.errors import OperatorError
from numbank.places import reachable

PREFIX = "NUMBANK_"
DEFAULT_DATA = "numbank-data"
# Set by the supervisor for its workers: whose end is theirs too.
SUPERVISOR = PREFIX + "SUPERVISOR_PID"
TESTS_OWN = PREFIX + "TEST_"

MOST_SECONDS = 31_536_000
MINOR_PER_UNIT = 10_000
Seconds = Annotated[float, Meta(ge=0, le=MOST_SECONDS)]
# The pause of a loop: without a lower bound a 0 would keep a core busy and the database under fire.
Period = Annotated[float, Meta(ge=0.01, le=MOST_SECONDS)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Minutes = Annotated[int, Meta(ge=1, le=525_600)]


def _doc(text: str) -> Meta:
    return Meta(description=text)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. Times are seconds (`_s`), money is 1/10,000 of the currency (`_minor`)."""

    # where and how
    data: Annotated[str, _doc("folder of the embedded database, its logs and its secrets")] = DEFAULT_DATA
    database_url: Annotated[str, _doc("any PostgreSQL >= 15; empty: the embedded one in the data folder")] = ""
    listen: Annotated[str, _doc("HOST:PORT to serve on")] = "127.0.0.1:8080"
    workers: Annotated[int, Meta(ge=1, le=64), _doc("worker processes")] = 1
    sandbox: Annotated[bool, _doc("the simulator supplies numbers and messages")] = False
    secrets_file: Annotated[
        str,
        _doc("key file that seals secrets in the database, 0600, the same on every node; empty: in the data folder"),
    ] = ""
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$"), _doc("debug, info, warning or error")] = (
        "info"
    )
    access_log: Annotated[
        str, Meta(pattern="^(none|changes|all)$"), _doc("log no request, those that are not mere polls, or all")
    ] = "changes"
    stop_timeout_s: Annotated[Seconds, _doc("how long a stop waits for requests that were accepted")] = 20.0
    actor: Annotated[str, _doc("who acts, in the audit log; empty: the user of the system and the host")] = ""

    # the protocol
    currency: Annotated[int, Meta(ge=1, le=999), _doc("ISO 4217 number of the house currency")] = 840
    time_zone: Annotated[str, _doc("zone of dates on the wire (old users expect Europe/Moscow)")] = "UTC"
    no_code_word: Annotated[
        str, Meta(pattern=r"^[^\s:]{1,32}$"), _doc("what getStatus shows for a message without a code")
    ] = "NO_CODE"
    plain_status_keys: Annotated[bool, _doc("getNumbersStatus in the 2025 form: plain keys, string values")] = False
    operator_fallback: Annotated[bool, _doc("an operator that does not fit falls back to the first that does")] = True

    # activations
    activation_life_s: Annotated[Seconds, _doc("life of an activation")] = 1200.0
    activation_life_overrides: Annotated[
        str, _doc("life per service in seconds, e.g. `ya=2400,ig=3600`; beats activation_life_s")
    ] = ""
    early_cancel_s: Annotated[Seconds, _doc("a cancel is refused this long after the purchase")] = 120.0
    any_country_tries: Annotated[
        Count,
        _doc("with `country=any` (koala) so many countries are tried at most, when the best are sold out in between"),
    ] = 8
    early_cancel_overrides: Annotated[str, _doc("early cancel window per service in seconds, e.g. `tg=30`")] = ""
    multi_services_most: Annotated[int, Meta(ge=1, le=50), _doc("services on one number by getMultiServiceNumber")] = 10
    additional_service_prices: Annotated[
        str,
        _doc(
            "price of an additional service per currency, e.g. `643=5,840=0.1`; not sold in a currency that is missing"
        ),
    ] = ""

    # money and standing
    cashback_bp: Annotated[
        int,
        Meta(ge=0, le=10_000),
        _doc("cashback of each finished activation, in 1/10,000 of its price; 250 are 2.5 %"),
    ] = 0
    ban_window: Annotated[
        int,
        Meta(ge=0, le=1_000),
        _doc("an account is judged by its last so many leases that ended; 0: no bans by rule"),
    ] = 0
    ban_success_share: Annotated[Share, _doc("it is banned when a smaller share of them received a message")] = 0.1
    ban_minutes: Annotated[Minutes, _doc("for so long")] = 60
    ban_user_window: Annotated[
        int,
        Meta(ge=0, le=1_000),
        _doc("the same for each userId of a reseller, who is not banned along; 0: no such bans"),
    ] = 0
    ban_user_success_share: Annotated[Share, _doc("a userId is banned when a smaller share received a message")] = 0.1
    ban_user_minutes: Annotated[Minutes, _doc("for so long")] = 60

    # calls
    call_code_digits: Annotated[
        int, Meta(ge=1, le=15), _doc("how many digits of the caller's number are the code of a call by number")
    ] = 4
    call_code_overrides: Annotated[str, _doc("that number per service, e.g. `tg=6`; beats call_code_digits")] = ""
    voice_code_digits: Annotated[
        str,
        Meta(pattern=r"^([3-9]|1[0-2])(-([3-9]|1[0-2]))?$"),
        _doc("length of spoken codes that pocketsphinx looks for"),
    ] = "4-8"
    recording_bytes: Annotated[Count, _doc("longest recording of a call that is fetched and kept")] = 5_000_000
    recording_hard_s: Annotated[Seconds, _doc("fetching a recording may take this long")] = 20.0
    recording_tries: Annotated[int, Meta(ge=1, le=100), _doc("how often fetching a recording is tried")] = 8
    recording_hosts: Annotated[
        str, _doc("hosts that recordings may be fetched from, e.g. `calls.example.com`; empty: any public one")
    ] = ""
    recording_ports: Annotated[str, _doc("ports that recordings may be fetched from")] = "80,443,1024-65535"
    recording_allow: Annotated[
        str, _doc("networks that recordings may be fetched from although they are private, e.g. `10.1.0.0/16`")
    ] = ""
    transcriber: Annotated[
        str,
        _doc(
            "program that writes a recording (WAV on stdin) down to stdout, `{language}` in its arguments; empty: none"
        ),
    ] = ""
    transcriber_languages: Annotated[str, _doc("languages that the program knows, e.g. `en,ru`; `*`: all")] = "*"
    transcriber_hard_s: Annotated[Seconds, _doc("writing a recording down may take this long")] = 60.0
    public_url: Annotated[
        str,
        Meta(pattern="^(https?://[^/?#]+)?$"),
        _doc("how customers reach the bank, for links to recordings; empty: paths"),
    ] = ""
    errand_tries: Annotated[
        int, Meta(ge=1, le=1_000), _doc("how often a supplier is told to pass a message on or to place a call")
    ] = 20
    max_live_leases: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        _doc("live leases that one account may have at once, else CHANNELS_LIMIT; 0: no limit"),
    ] = 0
    forward_surcharge_minor: Annotated[
        int,
        Meta(ge=0, le=10**12),
        _doc("what forwarding costs on top of a number, where the offer's terms say nothing"),
    ] = 0

    # supply
    cool_down_s: Annotated[Seconds, _doc("a number rests this long after a lease, for every service")] = 120.0
    unused_rest_s: Annotated[Seconds, _doc("a number given back unused rests this long for the same service")] = 3600.0
    unused_tries: Annotated[
        int, Meta(ge=1, le=100), _doc("leases without a message after which a number counts as used for the service")
    ] = 2
    claim_pools: Annotated[int, Meta(ge=1, le=256), _doc("pools that one request tries within one batch")] = 8
    supplier_soft_s: Annotated[Seconds, _doc("the customer waits this long for a supplier that has to be asked")] = 3.0
    supplier_hard_s: Annotated[Seconds, _doc("a call to a supplier is given up after this long")] = 15.0
    supplier_margin_s: Annotated[
        Seconds, _doc("an order that is open this long after supplier_hard_s was left by a crash, and is voided")
    ] = 10.0
    supplier_most: Annotated[
        int, Meta(ge=1, le=100), _doc("suppliers that are asked for one request, one after the other")
    ] = 3
    release_first_s: Annotated[Seconds, _doc("pause before a supplier is told again what became of its number")] = 10.0
    release_longest_s: Annotated[Seconds, _doc("that pause doubles each time, up to this")] = 3600.0
    release_tries: Annotated[
        int, Meta(ge=1, le=1_000), _doc("how often a supplier is told what became of its number: 32 are about a day")
    ] = 32

    # sandbox
    sandbox_delay_s: Annotated[Seconds, _doc("the simulator's message comes this long after the lease")] = 3.0
    sandbox_seed: Annotated[int, Meta(ge=0, le=2**31 - 1), _doc("seed of the simulator's prices and messages")] = 1
    sandbox_numbers: Annotated[
        int, Meta(ge=1, le=1_000_000), _doc("simulated numbers per country, renewed when they run low")
    ] = 200
    sandbox_countries: Annotated[str, _doc("country ids that the simulator serves, e.g. `0,2,187`; empty: all")] = ""
    sandbox_faults: Annotated[
        str,
        _doc("shares of faults, e.g. `never=0.1,late=0.05,twice=0.1,wrong=0.02,nocode=0.1,two=0.05`; empty: none"),
    ] = ""

    # webhooks to customers
    hooks_per_account: Annotated[int, Meta(ge=0, le=100), _doc("webhook endpoints of one account; 0: none at all")] = 3
    hook_ports: Annotated[str, _doc("ports of webhook addresses, e.g. `80,443,8000-8999`")] = "80,443,8080,8443"
    hook_allow: Annotated[
        str, _doc("networks that webhooks may reach although they are private, e.g. `10.1.0.0/16,fd00::/8`")
    ] = ""
    hook_timeout_s: Annotated[
        float, Meta(ge=0.1, le=60), _doc("one try of a webhook takes at most this long, name lookup included")
    ] = 10.0
    hook_slow_s: Annotated[Seconds, _doc("an endpoint that took longer counts as slow and gets its share only")] = 1.0
    hook_connections: Annotated[int, Meta(ge=2, le=1_000), _doc("webhook tries at once on one node")] = 64
    hook_endpoint_connections: Annotated[
        int, Meta(ge=1, le=1_000), _doc("tries at once at one endpoint on one node; at a slow one at most 2")
    ] = 8
    hook_poll_s: Annotated[Period, _doc("pause between looks for webhooks that are due")] = 0.2
    hook_overlap_s: Annotated[Seconds, _doc("after a rotation the old secret signs too for this long")] = 86_400.0
    hook_disable_after: Annotated[
        int,
        Meta(ge=0, le=10_000),
        _doc("an endpoint is switched off after so many given-up deliveries in a row; 0: never"),
    ] = 10
    hook_log_days: Annotated[
        int, Meta(ge=1, le=3_650), _doc("deliveries and their tries are kept for so many days")
    ] = 30
    hook_ca_file: Annotated[str, _doc("certificates to trust in https webhooks, PEM; empty: those of the system")] = ""

    # the counters (engine 1.3) and the pool
    batch_status: Annotated[Count, _doc("polls that one clerk serves at once")] = 256
    batch_lease: Annotated[Count, _doc("leases that one clerk serves at once")] = 64
    batch_advance: Annotated[Count, _doc("status changes that one clerk serves at once")] = 64
    batch_deliver: Annotated[Count, _doc("messages that one clerk serves at once")] = 64
    batch_sweep: Annotated[Count, _doc("due leases and rested numbers taken at once")] = 500
    queue_limit: Annotated[Count, _doc("requests that may wait at one counter")] = 4096
    queue_deadline_s: Annotated[Seconds, _doc("a request that waited longer is answered TOO_MANY_REQUESTS")] = 10.0
    batch_release: Annotated[Count, _doc("releases that are told to suppliers at once")] = 32
    pool_size: Annotated[int, Meta(ge=1, le=100), _doc("connections of one worker beside those of its clerks")] = 4
    command_timeout_s: Annotated[Seconds, _doc("a database call that takes longer counts as a broken connection")] = (
        10.0
    )

    # limits of the wire
    max_body_bytes: Annotated[Count, _doc("largest request body")] = 1_048_576
    max_fields: Annotated[Count, _doc("most fields in one request")] = 1_000
    compress_from_bytes: Annotated[
        Count, _doc("answers of at least so many bytes are compressed for clients that accept gzip, br or zstd")
    ] = 1_024
    agent_inflated_bytes: Annotated[Count, _doc("largest agent body after gunzip")] = 1_048_576

    # what makes it lawful to run, see the page on policy
    requests_per_s: Annotated[
        int, Meta(ge=0, le=1_000_000), _doc("requests per second of one customer and worker process; 0: no limit")
    ] = 0
    leases_per_min: Annotated[int, Meta(ge=0, le=1_000_000), _doc("leases per minute of one customer; 0: no limit")] = 0
    wrong_keys_per_min: Annotated[
        int, Meta(ge=0, le=1_000_000), _doc("unknown keys per minute of one client address and worker; 0: no limit")
    ] = 0
    trusted_proxies: Annotated[
        str, _doc("networks of proxies that are believed about client addresses, e.g. `10.0.0.0/8,::1`; empty: none")
    ] = ""
    client_address_header: Annotated[
        str,
        Meta(pattern="^(x-forwarded-for|forwarded)$"),
        _doc("the one header that the trusted proxies write: x-forwarded-for or forwarded"),
    ] = "x-forwarded-for"
    region_database: Annotated[
        str, _doc("file in MaxMind's format that tells the countries of addresses; empty: none is known")
    ] = ""
    retention_days: Annotated[
        float, Meta(ge=0, le=3_650), _doc("texts, senders, codes and targets are erased after so many days; 0: never")
    ] = 30.0
    retention_every_s: Annotated[Period, _doc("pause between looks for what has to be erased")] = 60.0
    batch_erase: Annotated[Count, _doc("rows that one step of the erasing looks at")] = 500

    # housekeeping
    sweep_every_s: Annotated[Period, _doc("pause between sweeps of due leases and rested numbers")] = 0.5
    version_poll_s: Annotated[Period, _doc("how often a node looks for changed keys and offers")] = 0.25
    version_max_age_s: Annotated[
        float,
        Meta(ge=0, le=1),
        _doc("a cached key is used only if the last look is younger; a revoked key dies in 1 s"),
    ] = 1.0
    stock_fold_s: Annotated[Period, _doc("how often stock movements are folded into the counts")] = 0.1
    statistics_fold_s: Annotated[
        Period, _doc("how often sales and turnover are folded into the statistics and ranks")
    ] = 1.0
    judge_every_s: Annotated[Period, _doc("how often accounts that lease are judged for bans by rule")] = 5.0
    price_list_age_s: Annotated[
        Seconds,
        _doc("how often a price list is checked for changes; with stock_fold_s this is how old its counts may be"),
    ] = 0.05
    partition_rows: Annotated[int, Meta(ge=1_000, le=10**12), _doc("ids in one partition of a growing table")] = (
        20_000_000
    )
    max_lease_id: Annotated[
        int, Meta(ge=2**31 - 1, le=2**63 - 1), _doc("highest lease id; old clients need 2147483647")
    ] = 2**31 - 1
    clock_skew_s: Annotated[Seconds, _doc("/readyz fails when this node's clock differs more from the database's")] = (
        2.0
    )

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
        raise OperatorError(f"setting {PREFIX}{field.upper()}={raw.get(field)!r}: {reason}") from None
    _check(settings)
    return settings


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
