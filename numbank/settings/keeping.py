"""Settings of the policy and of the housekeeping."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from numbank.settings.kinds import Count, Period, Seconds, doc
from numbank.settings.supplying import SupplyingSettings


class KeepingSettings(SupplyingSettings, frozen=True, kw_only=True):
    """Policy, retention, background work."""

    # what makes it lawful to run, see the page on policy
    requests_per_s: Annotated[
        int, Meta(ge=0, le=1_000_000), doc("requests per second of one customer and worker process; 0: no limit")
    ] = 0
    leases_per_min: Annotated[int, Meta(ge=0, le=1_000_000), doc("leases per minute of one customer; 0: no limit")] = 0
    wrong_keys_per_min: Annotated[
        int, Meta(ge=0, le=1_000_000), doc("unknown keys per minute of one client address and worker; 0: no limit")
    ] = 0
    trusted_proxies: Annotated[
        str, doc("networks of proxies that are believed about client addresses, e.g. `10.0.0.0/8,::1`; empty: none")
    ] = ""
    client_address_header: Annotated[
        str,
        Meta(pattern="^(x-forwarded-for|forwarded)$"),
        doc("the one header that the trusted proxies write: x-forwarded-for or forwarded"),
    ] = "x-forwarded-for"
    region_database: Annotated[
        str, doc("file in MaxMind's format that tells the countries of addresses; empty: none is known")
    ] = ""
    retention_days: Annotated[
        float, Meta(ge=0, le=3_650), doc("texts, senders, codes and targets are erased after so many days; 0: never")
    ] = 30.0
    retention_every_s: Annotated[Period, doc("pause between looks for what has to be erased")] = 60.0
    batch_erase: Annotated[Count, doc("rows that one step of the erasing looks at")] = 500

    # housekeeping
    sweep_every_s: Annotated[Period, doc("pause between sweeps of due leases and rested numbers")] = 0.5
    version_poll_s: Annotated[Period, doc("how often a node looks for changed keys and offers")] = 0.25
    version_max_age_s: Annotated[
        float,
        Meta(ge=0, le=1),
        doc("a cached key is used only if the last look is younger; a revoked key dies in 1 s"),
    ] = 1.0
    stock_fold_s: Annotated[Period, doc("how often stock movements are folded into the counts")] = 0.1
    statistics_fold_s: Annotated[
        Period, doc("how often sales and turnover are folded into the statistics and ranks")
    ] = 1.0
    judge_every_s: Annotated[Period, doc("how often accounts that lease are judged for bans by rule")] = 5.0
    price_list_age_s: Annotated[
        Seconds,
        doc("how often a price list is checked for changes; with stock_fold_s this is how old its counts may be"),
    ] = 0.05
    partition_rows: Annotated[int, Meta(ge=1_000, le=10**12), doc("ids in one partition of a growing table")] = (
        20_000_000
    )
    max_lease_id: Annotated[
        int, Meta(ge=2**31 - 1, le=2**63 - 1), doc("highest lease id; old clients need 2147483647")
    ] = 2**31 - 1
    clock_skew_s: Annotated[Seconds, doc("/readyz fails when this node's clock differs more from the database's")] = 2.0
