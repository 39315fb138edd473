"""Settings of a node: where it serves, what the wire looks like, how much it takes on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from numbank.settings.kinds import DEFAULT_DATA, Count, Seconds, doc


class ServingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where, how, and how much."""

    # where and how
    data: Annotated[str, doc("folder of the embedded database, its logs and its secrets")] = DEFAULT_DATA
    database_url: Annotated[str, doc("any PostgreSQL >= 15; empty: the embedded one in the data folder")] = ""
    database_url_file: Annotated[str, doc("file with the database's URL, for secrets kept in files; empty: none")] = ""
    listen: Annotated[str, doc("HOST:PORT to serve on")] = "127.0.0.1:8080"
    workers: Annotated[int, Meta(ge=1, le=64), doc("worker processes")] = 1
    sandbox: Annotated[bool, doc("the simulator supplies numbers and messages")] = False
    secrets_file: Annotated[
        str,
        doc("key file that seals secrets in the database, 0600, the same on every node; empty: in the data folder"),
    ] = ""
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$"), doc("debug, info, warning or error")] = (
        "info"
    )
    access_log: Annotated[
        str, Meta(pattern="^(none|changes|all)$"), doc("log no request, those that are not mere polls, or all")
    ] = "changes"
    stop_timeout_s: Annotated[Seconds, doc("how long a stop waits for requests that were accepted")] = 20.0
    actor: Annotated[str, doc("who acts, in the audit log; empty: the user of the system and the host")] = ""

    # the protocol
    currency: Annotated[int, Meta(ge=1, le=999), doc("ISO 4217 number of the house currency")] = 840
    time_zone: Annotated[str, doc("zone of dates on the wire (old users expect Europe/Moscow)")] = "UTC"
    no_code_word: Annotated[
        str, Meta(pattern=r"^[^\s:]{1,32}$"), doc("what getStatus shows for a message without a code")
    ] = "NO_CODE"
    plain_status_keys: Annotated[bool, doc("getNumbersStatus in the 2025 form: plain keys, string values")] = False
    operator_fallback: Annotated[bool, doc("an operator that does not fit falls back to the first that does")] = True

    # the counters (engine 1.3) and the pool
    batch_status: Annotated[Count, doc("polls that one clerk serves at once")] = 256
    batch_lease: Annotated[Count, doc("leases that one clerk serves at once")] = 64
    batch_advance: Annotated[Count, doc("status changes that one clerk serves at once")] = 64
    batch_deliver: Annotated[Count, doc("messages that one clerk serves at once")] = 64
    batch_mail: Annotated[Count, doc("mails, or requests for mailboxes, that one clerk serves at once")] = 64
    mail_chars: Annotated[
        int, Meta(ge=1_000, le=10**9), doc("characters of mails on their way into the database at once; others wait")
    ] = 64_000_000
    batch_sweep: Annotated[Count, doc("due leases and rested numbers taken at once")] = 500
    queue_limit: Annotated[Count, doc("requests that may wait at one counter")] = 4096
    queue_deadline_s: Annotated[Seconds, doc("a request that waited longer is answered TOO_MANY_REQUESTS")] = 10.0
    batch_release: Annotated[Count, doc("releases that are told to suppliers at once")] = 32
    pool_size: Annotated[int, Meta(ge=1, le=100), doc("connections of one worker beside those of its clerks")] = 4
    command_timeout_s: Annotated[Seconds, doc("a database call that takes longer counts as a broken connection")] = 5.0

    # limits of HTTP connections (docs/abuse.md)
    http_connections: Annotated[
        Count, doc("connections of one worker at once, idle ones included; further ones are answered 503")
    ] = 16_384
    http_backlog: Annotated[
        int, Meta(ge=128, le=65_535), doc("connections of one worker that may wait to be accepted")
    ] = 1_024
    http_head_s: Annotated[
        float,
        Meta(ge=1, le=3_600),
        doc("a connection is closed when the next request has not come with all its headers after so long"),
    ] = 30.0
    http_head_bytes: Annotated[
        int,
        Meta(ge=8_192, le=16_777_216),
        doc("largest head of a request, query included; a larger one is answered 431"),
    ] = 65_536
    http_body_s: Annotated[
        float, Meta(ge=0.1, le=3_600), doc("a request whose body is not there after so long is answered 408")
    ] = 30.0
    http_stalled_s: Annotated[
        float, Meta(ge=1, le=3_600), doc("a connection whose client takes nothing of an answer for so long is cut off")
    ] = 30.0
    http_least_bytes_per_s: Annotated[
        int,
        Meta(ge=0, le=1_000_000),
        doc("a client that takes less of an answer than this, for http_stalled_s seconds on end, is cut off as well"),
    ] = 240
    http_address_connections: Annotated[
        Count,
        doc("connections of one worker from one address (a /64 of IPv6), half of all at most; further ones are closed"),
    ] = 4_096
    http_open_networks: Annotated[
        str, doc("networks whose addresses have no such limit, as trusted proxies have none; empty: none")
    ] = "127.0.0.0/8,::1"

    # limits of the wire
    max_body_bytes: Annotated[Count, doc("largest request body")] = 1_048_576
    max_fields: Annotated[Count, doc("most fields in one request")] = 1_000
    compress_from_bytes: Annotated[
        Count, doc("answers of at least so many bytes are compressed for clients that accept gzip, br or zstd")
    ] = 1_024
    agent_inflated_bytes: Annotated[Count, doc("largest agent body after gunzip")] = 1_048_576
