"""The page that shows a document, and the lines that calls leave in the log and the metrics."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from numbank.rest import pages
from numbank.server import logs
from tests.rest.world import SITE, mail_world, refused
from tests.server.live import Live


@pytest.mark.parametrize("prefix", ["/v1", "/api/v2"])
async def test_the_page_and_all_it_needs_come_from_here(dsn: str, prefix: str) -> None:
    async with mail_world(dsn) as bank:
        transport = httpx.ASGITransport(bank.app)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://bank")
        page = await client.get(f"{prefix}/docs")
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(links) == 5
        assert all(link.startswith(f"{prefix}/") for link in links), "nothing comes from elsewhere"
        assert "<script>" not in page.text
        for link in links:
            file = await client.get(link)
            assert file.status_code == 200
            assert file.content
        bundle = await client.get(f"{prefix}/docs/swagger-ui-bundle.js", headers={"accept-encoding": "gzip"})
        assert bundle.headers["content-encoding"] == "gzip"
        assert bundle.content == (pages.folder() / "swagger-ui-bundle.js").read_bytes()
        known = {"if-none-match": bundle.headers["etag"], "accept-encoding": "gzip"}
        assert (await client.get(f"{prefix}/docs/swagger-ui-bundle.js", headers=known)).status_code == 304
        for odd in ("swagger-ui.js", "..%2F..%2F__init__.py", "%2Fetc%2Fpasswd"):
            missing = await client.get(f"{prefix}/docs/{odd}")
            assert missing.status_code == 404
            assert missing.json()["title"]


async def test_what_is_not_there_is_told_in_the_shape_of_the_api(dsn: str) -> None:
    async with mail_world(dsn) as bank:
        for path in ("", "/", "/nothing", "/docs/x", "/x%0Ay"):
            body = refused(await bank.client.get(f"http://bank/api/v2{path}"), 404)
            assert body["title"] == "NOT_FOUND"
            assert body["details"].isprintable()


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs a browser")
@pytest.mark.parametrize(("prefix", "seen"), [("/v1", "/v1/hooks"), ("/api/v2", "/api/v2/emails/batch")])
def test_a_browser_shows_the_document_without_an_error(dsn: str, tmp_path: Path, prefix: str, seen: str) -> None:
    live = Live(["--database-url", dsn])
    live.start()
    try:
        shown = subprocess.run(
            [
                str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom", f"http://127.0.0.1:{live.port}{prefix}/docs",
            ],
            capture_output=True, text=True, timeout=90, check=True,
        )  # fmt: skip
    finally:
        assert live.stop() == 0
    assert f'data-path="{seen}"' in shown.stdout
    assert "OAS 3.1" in shown.stdout
    assert "CONSOLE" not in shown.stderr, "an error, or something that the policy forbids"


async def test_calls_leave_a_line_without_keys_and_addresses(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    async with mail_world(dsn, access_log="all") as bank:
        monkeypatch.setattr(logs.SINK, "write", written.append)
        box = await bank.bought()
        await bank.ask("GET", f"/emails?search={box['email']}")
        await bank.stranger.get("/emails", headers={"X-API-Key": "wrong"})
        await bank.stranger.get("/countries")
        await bank.stranger.get("/nothing")
        await bank.client.get("http://bank/v1/hooks")
        bank.app.access.flush()
        said = (await bank.client.get("http://bank/metrics")).text
    lines: list[dict[str, Any]] = [msgspec.json.decode(line) for line in b"".join(written).splitlines()]
    mine = bank.customer_id
    assert [(line["operation"], line["status"], line["customer"]) for line in lines] == [
        ("buyEmail", 201, mine), ("listEmails", 200, mine), ("listEmails", 401, None), ("listCountries", 200, None),
        ("?", 404, None), ("listHooks", 200, mine),
    ]  # fmt: skip
    everything = b"".join(written)
    for secret in (bank.key, box["email"], SITE, "wrong"):
        assert secret.encode() not in everything
    assert re.search(r'numbank_rest_requests_total\{operation="buyEmail",status="201"\} \d', said)


async def test_polls_are_left_out_where_only_changes_are_logged(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    async with mail_world(dsn, access_log="changes") as bank:
        monkeypatch.setattr(logs.SINK, "write", written.append)
        box = await bank.bought()
        await bank.ask("GET", f"/emails/{box['id']}")
        bank.app.access.flush()
    assert b"buyEmail" in b"".join(written)
    assert b"getEmail" not in b"".join(written)


def test_the_package_of_the_page_is_not_imported() -> None:
    code = "import sys, numbank.rest.app; sys.exit('swagger_ui' in sys.modules or 'jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
