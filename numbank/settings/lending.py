"""Settings of what is lent: numbers for minutes and for hours, calls, and what accounts may do."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from numbank.settings.kinds import Count, Minutes, Period, Seconds, Share, doc
from numbank.settings.serving import ServingSettings


class LendingSettings(ServingSettings, frozen=True, kw_only=True):
    """Activations, rentals, calls, money."""

    # activations
    activation_life_s: Annotated[Seconds, doc("life of an activation")] = 1200.0
    activation_life_overrides: Annotated[
        str, doc("life per service in seconds, e.g. `ya=2400,ig=3600`; beats activation_life_s")
    ] = ""
    early_cancel_s: Annotated[Seconds, doc("a cancel is refused this long after the purchase")] = 120.0
    any_country_tries: Annotated[
        Count,
        doc("with `country=any` (koala) so many countries are tried at most, when the best are sold out in between"),
    ] = 8
    early_cancel_overrides: Annotated[str, doc("early cancel window per service in seconds, e.g. `tg=30`")] = ""
    multi_services_most: Annotated[int, Meta(ge=1, le=50), doc("services on one number by getMultiServiceNumber")] = 10
    additional_service_prices: Annotated[
        str,
        doc(
            "price of an additional service per currency, e.g. `643=5,840=0.1`; not sold in a currency that is missing"
        ),
    ] = ""

    # rentals
    rent_cancel_s: Annotated[Seconds, doc("a rental can be cancelled with a refund this long after the purchase")] = (
        1200.0
    )
    rent_refund_pro_rata: Annotated[
        bool, doc("a rental whose number is lost gives back the price of the time that is left, not all of it")
    ] = False

    # rentals on the wire
    rent_default_hours: Annotated[
        int, Meta(ge=1, le=1_344), doc("hours of a rental whose request names none (2 in the newest document)")
    ] = 4
    rent_default_country: Annotated[
        int, Meta(ge=0), doc("country of a rental whose request names none (2, Kazakhstan, in the newest document)")
    ] = 0
    rent_pages_from_one: Annotated[bool, doc("pages of getRentStatus count from 1, as in the newest document")] = False

    # money and standing
    cashback_bp: Annotated[
        int,
        Meta(ge=0, le=10_000),
        doc("cashback of each finished activation, in 1/10,000 of its price; 250 are 2.5 %"),
    ] = 0
    ban_window: Annotated[
        int,
        Meta(ge=0, le=1_000),
        doc("an account is judged by its last so many leases that ended; 0: no bans by rule"),
    ] = 0
    ban_success_share: Annotated[Share, doc("it is banned when a smaller share of them received a message")] = 0.1
    ban_minutes: Annotated[Minutes, doc("for so long")] = 60
    ban_user_window: Annotated[
        int,
        Meta(ge=0, le=1_000),
        doc("the same for each userId of a reseller, who is not banned along; 0: no such bans"),
    ] = 0
    ban_user_success_share: Annotated[Share, doc("a userId is banned when a smaller share received a message")] = 0.1
    ban_user_minutes: Annotated[Minutes, doc("for so long")] = 60

    # calls
    call_code_digits: Annotated[
        int, Meta(ge=1, le=15), doc("how many digits of the caller's number are the code of a call by number")
    ] = 4
    call_code_overrides: Annotated[str, doc("that number per service, e.g. `tg=6`; beats call_code_digits")] = ""
    voice_code_digits: Annotated[
        str,
        Meta(pattern=r"^([3-9]|1[0-2])(-([3-9]|1[0-2]))?$"),
        doc("length of spoken codes that pocketsphinx looks for"),
    ] = "4-8"
    recording_bytes: Annotated[Count, doc("longest recording of a call that is fetched and kept")] = 5_000_000
    recording_hard_s: Annotated[Seconds, doc("fetching a recording may take this long")] = 20.0
    recording_tries: Annotated[int, Meta(ge=1, le=100), doc("how often fetching a recording is tried")] = 8
    recording_hosts: Annotated[
        str, doc("hosts that recordings may be fetched from, e.g. `calls.example.com`; empty: any public one")
    ] = ""
    recording_ports: Annotated[str, doc("ports that recordings may be fetched from")] = "80,443,1024-65535"
    recording_allow: Annotated[
        str, doc("networks that recordings may be fetched from although they are private, e.g. `10.1.0.0/16`")
    ] = ""
    transcriber: Annotated[
        str,
        doc(
            "program that writes a recording (WAV on stdin) down to stdout, `{language}` in its arguments; empty: none"
        ),
    ] = ""
    transcriber_languages: Annotated[str, doc("languages that the program knows, e.g. `en,ru`; `*`: all")] = "*"
    transcriber_hard_s: Annotated[Seconds, doc("writing a recording down may take this long")] = 60.0
    public_url: Annotated[
        str,
        Meta(pattern="^(https?://[^/?#]+)?$"),
        doc("how customers reach the bank, for links to recordings; empty: paths"),
    ] = ""
    errand_tries: Annotated[
        int, Meta(ge=1, le=1_000), doc("how often a supplier is told to pass a message on or to place a call")
    ] = 20
    uncertain_codes: Annotated[
        Literal["withhold", "deliver"],
        doc("a code that is only the best guess: `withhold` it (the text can always be read) or `deliver` it"),
    ] = "withhold"
    habits_every_s: Annotated[
        Period, doc("how often it is learned from finished leases how the codes of each service look")
    ] = 60.0
    max_live_leases: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        doc("live leases that one account may have at once, else CHANNELS_LIMIT; 0: no limit"),
    ] = 0
    forward_surcharge_minor: Annotated[
        int,
        Meta(ge=0, le=10**12),
        doc("what forwarding costs on top of a number, where the offer's terms say nothing"),
    ] = 0
