"""Settings of where numbers come from, of the sandbox, and of webhooks."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from numbank.settings.kinds import Period, Seconds, doc
from numbank.settings.mailing import MailingSettings


class SupplyingSettings(MailingSettings, frozen=True, kw_only=True):
    """Suppliers, the simulator, webhooks."""

    # supply
    cool_down_s: Annotated[Seconds, doc("a number rests this long after a lease, for every service")] = 120.0
    unused_rest_s: Annotated[Seconds, doc("a number given back unused rests this long for the same service")] = 3600.0
    unused_tries: Annotated[
        int, Meta(ge=1, le=100), doc("leases without a message after which a number counts as used for the service")
    ] = 2
    claim_pools: Annotated[int, Meta(ge=1, le=256), doc("pools that one request tries within one batch")] = 8
    supplier_soft_s: Annotated[Seconds, doc("the customer waits this long for a supplier that has to be asked")] = 3.0
    supplier_hard_s: Annotated[Seconds, doc("a call to a supplier is given up after this long")] = 15.0
    supplier_margin_s: Annotated[
        Seconds, doc("an order that is open this long after supplier_hard_s was left by a crash, and is voided")
    ] = 10.0
    supplier_most: Annotated[
        int, Meta(ge=1, le=100), doc("suppliers that are asked for one request, one after the other")
    ] = 3
    release_first_s: Annotated[Seconds, doc("pause before a supplier is told again what became of its number")] = 10.0
    release_longest_s: Annotated[Seconds, doc("that pause doubles each time, up to this")] = 3600.0
    release_tries: Annotated[
        int, Meta(ge=1, le=1_000), doc("how often a supplier is told what became of its number: 32 are about a day")
    ] = 32

    # sandbox
    sandbox_delay_s: Annotated[Seconds, doc("the simulator's message comes this long after the lease")] = 3.0
    sandbox_seed: Annotated[int, Meta(ge=0, le=2**31 - 1), doc("seed of the simulator's prices and messages")] = 1
    sandbox_rent_numbers: Annotated[
        int, Meta(ge=0, le=10_000), doc("numbers that can be rented in each country of the sandbox, beside the others")
    ] = 10
    sandbox_numbers: Annotated[
        int, Meta(ge=1, le=1_000_000), doc("simulated numbers per country, renewed when they run low")
    ] = 200
    sandbox_countries: Annotated[str, doc("country ids that the simulator serves, e.g. `0,2,187`; empty: all")] = ""
    sandbox_faults: Annotated[
        str,
        doc("shares of faults, e.g. `never=0.1,late=0.05,twice=0.1,wrong=0.02,nocode=0.1,two=0.05`; empty: none"),
    ] = ""

    # webhooks to customers
    hooks_per_account: Annotated[int, Meta(ge=0, le=100), doc("webhook endpoints of one account; 0: none at all")] = 3
    rent_hooks_per_account: Annotated[
        int, Meta(ge=1, le=1_000), doc("different webhook addresses that the rentals of one account may name")
    ] = 1_000
    hook_ports: Annotated[str, doc("ports of webhook addresses, e.g. `80,443,8000-8999`")] = "80,443,8080,8443"
    hook_allow: Annotated[
        str, doc("networks that webhooks may reach although they are private, e.g. `10.1.0.0/16,fd00::/8`")
    ] = ""
    hook_timeout_s: Annotated[
        float, Meta(ge=0.1, le=60), doc("one try of a webhook takes at most this long, name lookup included")
    ] = 10.0
    hook_slow_s: Annotated[Seconds, doc("an endpoint that took longer counts as slow and gets its share only")] = 1.0
    hook_connections: Annotated[int, Meta(ge=2, le=1_000), doc("webhook tries at once on one node")] = 64
    hook_endpoint_connections: Annotated[
        int, Meta(ge=1, le=1_000), doc("tries at once at one endpoint on one node; at a slow one at most 2")
    ] = 8
    hook_poll_s: Annotated[Period, doc("pause between looks for webhooks that are due")] = 0.2
    hook_overlap_s: Annotated[Seconds, doc("after a rotation the old secret signs too for this long")] = 86_400.0
    hook_disable_after: Annotated[
        int,
        Meta(ge=0, le=10_000),
        doc("an endpoint is switched off after so many given-up deliveries in a row; 0: never"),
    ] = 10
    hook_log_days: Annotated[int, Meta(ge=1, le=3_650), doc("deliveries and their tries are kept for so many days")] = (
        30
    )
    hook_ca_file: Annotated[str, doc("certificates to trust in https webhooks, PEM; empty: those of the system")] = ""
