"""Slow, silent, idle and far too many connections: the bank goes on serving the others, and cuts these off in time."""

from __future__ import annotations

import resource
import time

import httpx
import pytest

from numbank.server import files
from tests.abuse.clients import REQUEST, answers, connect, crowd, dripping, files_for, first_answer, until
from tests.abuse.victim import Opener
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
            until(lambda: httpx.get(bank.url("/healthz")).status_code == 200, "a place that became free stays empty")
            bank.serves()
            assert "numbank_http_turned_away_total 9" in bank.metrics()
        bank.serves()


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
            until(lambda: worker.num_fds() < files + 170, "those who never read are still there")
            said = answers(piped)
        # The system itself keeps a page for a connection: some of `deaf` get theirs when they begin to read.
        assert deaf
        assert all(len(one) < 1_000_000 for one in said), "nobody got all that he asked for"
        assert grown_mb < 800
        bank.serves()


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
