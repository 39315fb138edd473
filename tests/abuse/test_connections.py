"""Slow, silent, idle and far too many connections: the bank goes on serving the others, and cuts these off in time."""

from __future__ import annotations

import resource
import socket
import time

import pytest

from numbank.errors import OperatorError
from numbank.policy.clients import unlimited
from numbank.server import files
from numbank.server.guests import Guest, Mark, crowding, watched
from numbank.server.sockets import SPARE_S, Flow
from tests.abuse.clients import (
    REQUEST,
    answers,
    connect,
    crowd,
    dripping,
    files_for,
    first_answer,
    readable,
    reading,
    until,
)
from tests.abuse.victim import Opener
from tests.server.live import get
from tests.support import settings_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

SLOW, SILENT, IDLE = 200, 200, 100
HEAD_S = 3
MANY = 10_000
# What one idle connection may cost: the buffers of hyper and tokio, not a thread and not an answer.
MOST_KB = 32


async def test_five_hundred_slow_and_half_open_clients_stop_nobody_and_are_cut_off(open_victim: Opener) -> None:
    files_for(SLOW + SILENT + IDLE)
    async with open_victim(http_head_s=HEAD_S, http_head_bytes=8_192) as bank:
        began = time.monotonic()
        with (
            crowd(bank.port, SLOW, b"GET /stubs/handler_api.php HTTP/1.1\r\nHost: bank\r\nX: ") as slow,
            crowd(bank.port, SILENT) as silent,
            crowd(bank.port, IDLE, REQUEST) as idle,
            dripping(slow, b"a"),
        ):
            for _ in range(20):
                bank.serves()
            assert bank.lease().startswith("ACCESS_NUMBER:")
            held = time.monotonic() - began
            said = answers([*slow, *silent, *idle])
            took = time.monotonic() - began
        assert took < HEAD_S + held + 20, "drops must not prolong the time"
        assert all(not one for one in said[: SLOW + SILENT]), "half a request has no answer"
        assert all(one.startswith(b"HTTP/1.1 200") for one in said[SLOW + SILENT :])
        with connect(bank.port) as endless:
            endless.sendall(b"GET /healthz?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: b\r\n\r\n")
            assert answers([endless])[0].startswith(b"HTTP/1.1 431 "), "a head that is too large"
        bank.serves()


async def test_ten_thousand_idle_connections_are_kept_and_cost_little(
    open_victim: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    files_for(MANY)
    async with open_victim(http_head_s=120) as bank:
        bank.serves()
        worker = bank.worker()
        before, files_before = worker.memory_info().rss, worker.num_fds()
        with crowd(bank.port, MANY, REQUEST) as idle:
            assert all(first_answer(client).startswith(b"HTTP/1.1 200") for client in idle)
            for _ in range(20):
                bank.serves()
            idle[0].sendall(REQUEST)
            assert first_answer(idle[0]).startswith(b"HTTP/1.1 200"), "an idle connection still works"
            each_kb = (worker.memory_info().rss - before) / MANY / 1024
        with capsys.disabled():
            print(f"\n{MANY} idle connections: {each_kb:.1f} KB of the worker's memory each")  # noqa: T201  the figure
        assert each_kb < MOST_KB
        until(lambda: worker.num_fds() < files_before + 100, "connections that were closed are still held")
        bank.serves()


async def test_a_full_house_tells_those_who_come_so_and_serves_those_inside(open_victim: Opener) -> None:
    async with open_victim(http_connections=150, http_head_s=60) as bank:
        with crowd(bank.port, 150, REQUEST) as inside:
            assert all(first_answer(client).startswith(b"HTTP/1.1 200") for client in inside)
            for _ in range(3):
                with crowd(bank.port, 30, REQUEST) as outside:
                    said = answers(outside, within_s=30)
                assert all(one.startswith(b"HTTP/1.1 503 ") and one.endswith(b"TOO_MANY_REQUESTS") for one in said)
                assert all(b"retry-after: 1\r\n" in one for one in said)
            inside[0].sendall(REQUEST)
            assert first_answer(inside[0]).startswith(b"HTTP/1.1 200")
            inside[1].close()
            inside[2].close()
            until(lambda: get(bank.url("/healthz")).status_code == 200, "a place that became free stays empty")
            bank.serves()
            assert "numbank_http_turned_away_total 9" in bank.metrics()
        bank.serves()


# Well before an idle connection is closed (http_head_s), which what is left in the kernel survives.
NEVER_READ_S = 20.0


async def test_a_client_who_never_reads_is_cut_off_and_holds_no_memory(open_victim: Opener) -> None:
    async with open_victim(http_stalled_s=2) as bank:
        for country in range(1, 6):
            await bank.shop.offer("tg", "wa", "vk", "ok", "ig", "fb", country=country)
        worker = bank.worker()
        prices = f"GET /stubs/handler_api.php?api_key={bank.key}&action=getPrices HTTP/1.1\r\nHost: b\r\n\r\n".encode()
        page = b"GET /api/v2/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: b\r\n\r\n"
        bank.serves()
        before, files = worker.memory_info().rss, worker.num_fds()
        with crowd(bank.port, 150, page, receive_buffer=4096) as deaf, crowd(
            bank.port, 150, prices * 400, receive_buffer=4096
        ) as piped:  # fmt: skip
            for _ in range(20):
                bank.serves()
            grown_mb = (worker.memory_info().rss - before) / 2**20
            until(lambda: worker.num_fds() < files + 5, "those who never read are still there", NEVER_READ_S)
            said = answers([*deaf, *piped])
        assert all(len(one) < 10_000 for one in said), "nobody got more than what fits into a client's buffer"
        assert grown_mb < 800
        bank.serves()


async def test_a_client_who_reads_a_little_now_and_then_is_cut_off_and_a_modest_one_is_not(open_victim: Opener) -> None:
    """The slow are never silent for as long as is waited. The modest, each in his way, take six times what they must."""
    page = b"GET /api/v2/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: b\r\n\r\n"
    async with open_victim(http_stalled_s=3, http_least_bytes_per_s=5_000) as bank:
        whole = len(bank.page("/api/v2/docs/swagger-ui-bundle.js"))
        began = time.monotonic()
        with (
            crowd(bank.port, 20, page, receive_buffer=4_096) as slow,
            crowd(bank.port, 3, page, receive_buffer=65_536) as modest,
            crowd(bank.port, 3, page, receive_buffer=16_384) as small,
            reading(slow, 100) as little,
            reading(modest, whole // 120) as enough,
            reading(small, 3_000) as just_enough,
        ):
            for _ in range(20):
                bank.serves()
            until(lambda: max(little.values()) < 0, "those who read a little are still there")
            until(lambda: min(map(abs, enough.values())) > whole, "a modest one did not get all", 120)
            until(lambda: time.monotonic() > began + 2 * 3 + SPARE_S + 2, "longer than the kernel would wait")
            assert min(just_enough.values()) > 0, "one who is always full is no slow reader"
        assert all(-1 - count < whole // 10 for count in little.values())
        assert 'numbank_http_cut_off_total{why="slow"} 20.0' in bank.metrics()
        bank.serves()


MOST = 40


async def test_an_address_has_so_many_connections_and_no_more(open_victim: Opener) -> None:
    async with open_victim(
        http_address_connections=MOST, http_open_networks="127.0.0.1", trusted_proxies="127.0.0.9", http_head_s=60
    ) as bank:
        with (
            crowd(bank.port, 3, REQUEST, source="127.0.0.3") as few,
            crowd(bank.port, 2 * MOST, REQUEST, source="127.0.0.9") as proxied,
            crowd(bank.port, 2 * MOST, REQUEST) as near,
            crowd(bank.port, 30, REQUEST, source="127.0.0.2") as idle,
        ):
            for inside in (few, proxied, near, idle):
                assert all(first_answer(client).startswith(b"HTTP/1.1 200") for client in inside)
            half = b"GET /healthz HTTP/1.1\r\nHost: bank\r\nX: "
            with crowd(bank.port, 30, half, source="127.0.0.2") as dripped, dripping(dripped, b"a"):
                until(lambda: _ended(idle) + _ended(dripped) >= 60 - MOST, "one address has too many")
                bank.serves()
                assert _ended(idle) == 60 - MOST, "the idle ones go first"
                assert not _ended(dripped)
            with crowd(bank.port, 3 * MOST, half, source="127.0.0.2") as many, dripping(many, b"a"):
                until(lambda: _ended(many) >= 2 * MOST, "one address has too many that are busy")
                bank.serves()
            assert not _ended([*few, *proxied, *near])
        assert 'numbank_http_cut_off_total{why="crowd"}' in bank.metrics()
        bank.serves()


def _ended(clients: list[socket.socket]) -> int:
    """How many of them were closed by the bank; nothing that was sent is taken away."""
    ended = 0
    for client in readable(clients):
        try:
            ended += not client.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            ended += 1
    return ended


def _flow(acked: int = 0, owed: int = 0, heard: int = 100, sent_ms: int = 0, heard_ms: int = 0) -> Flow:
    return Flow(acked=acked, heard=heard, owed=owed, sent_ms=sent_ms, heard_ms=heard_ms)


@pytest.mark.unit
def test_what_was_owed_at_a_mark_must_be_taken_in_time_or_fast_enough() -> None:
    mark, late = watched(None, 0, _flow(acked=500, owed=10_000), 30, 240)
    assert (mark, late) == (Mark(0, 500, 10_500, 0), False)
    assert watched(mark, 29, _flow(acked=501, owed=10_000), 30, 240) == (mark, False), "not yet"
    assert watched(mark, 30, _flow(acked=501, owed=10_000), 30, 240)[1]
    assert watched(mark, 30, _flow(acked=500, owed=10_000), 30, 0)[1], "nothing at all is too little"
    assert not watched(mark, 30, _flow(acked=501, owed=10_000), 30, 0)[1]
    fast = _flow(acked=500 + 240 * 30, owed=90_000)
    assert watched(mark, 30, fast, 30, 240) == (Mark(30, 7_700, 97_700, 0), False)
    # A little answer that was taken is followed by the next: however slowly the customer asks, it is no slow reader.
    assert watched(mark, 60, _flow(acked=10_500, owed=100), 30, 240) == (Mark(60, 10_500, 10_600, 0), False)
    assert watched(mark, 60, _flow(acked=10_500), 30, 240) == (None, False)
    assert watched(mark, 60, _flow(acked=7, owed=100), 30, 240) == (Mark(60, 7, 107, 60), False), "another connection"


@pytest.mark.unit
def test_the_idle_of_an_address_go_first_and_those_who_wait_for_an_answer_last() -> None:
    flows = {
        "asked": _flow(acked=9, sent_ms=70_000, heard_ms=60_000),
        "first": _flow(sent_ms=5, heard_ms=5),
        "reading": _flow(acked=9, owed=4, sent_ms=90_000, heard_ms=90_000),
        "silent": _flow(heard=0, sent_ms=4_000, heard_ms=4_000),
        "idle": _flow(acked=9, sent_ms=8_000, heard_ms=8_001),
        "busy": _flow(acked=9, sent_ms=1, heard_ms=2),
    }
    guests = [Guest(file, (name, 1), "one", flow) for file, (name, flow) in enumerate(flows.items())]
    others = [Guest(9, ("other", 1), "two", flows["idle"]), *[Guest(9, ("proxy", 1), "", flows["idle"])] * 9]
    order = [[one.peer[0] for one in crowding([*guests, *others], most)] for most in range(6, 0, -1)]
    assert order == [
        [], ["idle"], ["idle", "silent"], ["idle", "silent", "busy"], ["idle", "silent", "busy", "reading"],
        ["idle", "silent", "busy", "reading", "asked"],
    ]  # fmt: skip


@pytest.mark.unit
def test_a_network_that_is_none_is_said_before_the_bank_serves() -> None:
    with pytest.raises(OperatorError, match="HTTP_OPEN_NETWORKS: 'here' is no network"):
        unlimited(settings_for("postgresql:///nowhere", http_open_networks="127.0.0.1,here"))


@pytest.mark.unit
def test_the_limit_of_open_files_is_used_to_the_full_and_said() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    said: list[str] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, before[1]))
        files.allow_files(said.append, settings_for("postgresql:///nowhere"))
        hard = files.MOST_FILES if before[1] == resource.RLIM_INFINITY else min(before[1], files.MOST_FILES)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
        assert said[0] == f"a process may open {hard} files now, up from 1024"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.unit
def test_a_bank_with_few_files_takes_fewer_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 1_024))
    said: list[str] = []
    settings = settings_for("postgresql:///nowhere")
    files.allow_files(said.append, settings)
    assert files.most_connections(settings) == 1_024 - files.OWN_FILES
    assert said == [
        "the system lets a process open 1024 files: a worker serves 832 HTTP connections at once,"
        " not NUMBANK_HTTP_CONNECTIONS=16384"
    ]
    mailing = settings_for("postgresql:///nowhere", smtp_listen="127.0.0.1:2525", smtp_connections=1_000)
    assert files.most_connections(mailing) == files.FEWEST_CONNECTIONS
