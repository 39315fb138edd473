"""The files in deploy/ are held to the code: their settings, ports, paths, commands, metrics and labels exist."""

from __future__ import annotations

import asyncio
import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from prometheus_client.registry import REGISTRY
from typer.testing import CliRunner

from numbank.cli.main import app as cli
from numbank.server.metrics import exposition
from numbank.settings import PREFIX, Settings, load
from tests.support import Caller, open_bank, until

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "systemd" / "numbank.service").read_text()
CONTAINER = (DEPLOY / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
DASHBOARD: dict[str, Any] = msgspec.json.decode((DEPLOY / "grafana" / "numbank.json").read_bytes())
KNOWN = {PREFIX + name.upper() for name in Settings.__struct_fields__}
HOST = re.compile(r"\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(io|com|org|net|dev)\b")


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every question that dashboard and alerts ask, with who asks it."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.unit
@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_setting_that_is_named_exists_and_no_host_of_a_registry_is_written(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", text)) <= KNOWN
    assert HOST.search(text) is None


@pytest.mark.unit
def test_the_commands_that_are_called_exist() -> None:
    called = re.findall(r"^Exec\w+=(\S+)/numbank (\w+)(.*)$", UNIT, re.MULTILINE)
    assert [name for _, name, _ in called] == ["serve", "health"]
    health = COMPOSE["services"]["bank"]["healthcheck"]["test"]
    in_container = re.search(r"HEALTHCHECK .*CMD (\[.*\])", CONTAINER)
    assert in_container is not None
    assert health == ["CMD", *msgspec.json.decode(in_container[1])] == ["CMD", "numbank", "health"]
    for _, name, options in called:
        shown = CliRunner().invoke(cli, [name, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0
        assert all(word in shown.output for word in shlex.split(options) if word.startswith("--"))


@pytest.mark.unit
def test_the_unit_is_one_that_systemd_takes() -> None:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(UNIT)
    service = dict(read["Service"])
    assert service["Restart"] == "on-failure"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["KillMode"] == "mixed"
    environment = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
    settings = load(environment)
    assert settings.data == f"/var/lib/{service['StateDirectory']}"  # the one place that it may write to
    assert float(service["TimeoutStopSec"]) > settings.stop_timeout_s
    assert int(service["LimitNOFILE"]) > settings.smtp_connections
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here: the unit was NOT verified by systemd")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(DEPLOY / "systemd" / "numbank.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "numbank" in line and "is not executable" not in line]
    assert said == []


@pytest.mark.unit
def test_container_and_compose_agree_with_the_settings() -> None:
    bank, database = COMPOSE["services"]["bank"], COMPOSE["services"]["database"]
    settings = load(bank["environment"] | {"NUMBANK_DATABASE_URL_FILE": ""})
    port = settings.listen.rpartition(":")[2]
    assert f"EXPOSE {port}" in CONTAINER
    assert f"NUMBANK_LISTEN={settings.listen}" in CONTAINER
    assert f"NUMBANK_DATA={settings.data}" in CONTAINER
    assert any(volume.endswith(f":{settings.data}") for volume in bank["volumes"])
    assert bank["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert bank["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in database
    assert re.search(r"^USER numbank$", CONTAINER, re.MULTILINE)
    # Secrets come by files, and each is declared.
    for service in (bank, database):
        for value in service["environment"].values():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    assert {volume.partition(":")[0] for service in (bank, database) for volume in service["volumes"]} == set(
        COMPOSE["volumes"]
    )
    # What the image is made of is there, and is let in.
    context = (DEPLOY / bank["build"]["context"]).resolve()
    allowed = {line[1:] for line in (context / ".containerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE) for name in line.split()[:-1]
    }
    assert copied == allowed
    assert all((context / name).exists() for name in copied)
    assert "--require-hashes" in CONTAINER


@pytest.mark.unit
def test_the_compose_file_is_one_that_compose_takes(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not here: the compose file was NOT validated by it")
    done = subprocess.run(
        [program, "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


async def _scraped(dsn: str) -> str:
    """A real /metrics, after everybody looked."""
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(1)
        await shop.offer("tg")
        await Caller(app, key).lease()

        async def looked() -> bool:
            return b"numbank_database_up 1.0" in exposition()

        await until(looked)
        return (await Caller(app, key).post("/metrics")).text


@pytest.fixture(scope="module")
def metrics(dsn: str) -> dict[str, set[str]]:
    """Every name that can be asked for, with its labels."""
    text = asyncio.run(_scraped(dsn))
    collectors = {collector for collector in REGISTRY._collector_to_names if hasattr(collector, "_labelnames")}
    labels = {vars(collector)["_name"]: set(vars(collector)["_labelnames"]) for collector in collectors}
    found: dict[str, set[str]] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        own = labels.get(name.removesuffix("_total"), set())
        found[name] = own
        if kind == "histogram":
            found |= {f"{name}_bucket": own | {"le"}, f"{name}_count": own, f"{name}_sum": own}
    return found


# What Prometheus itself adds.
ADDED = {"instance", "job"}
SELECTOR = re.compile(r"\b(numbank_\w+|process_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")


def test_every_metric_and_label_that_is_asked_for_exists(metrics: dict[str, set[str]]) -> None:
    wrong = []
    for who, expression in expressions():
        known: set[str] = set(ADDED)
        for name, matchers in SELECTOR.findall(expression):
            if name not in metrics:
                wrong.append(f"{who}: there is no metric {name}")
                continue
            known |= metrics[name]
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            if asked - metrics[name] - ADDED:
                wrong.append(f"{who}: {name} has no label {asked - metrics[name] - ADDED}")
        for listed in GROUPED.findall(expression):
            if unknown := {label.strip() for label in listed.split(",")} - known:
                wrong.append(f"{who}: nothing has the label {unknown}")
    assert wrong == []


def test_every_metric_of_ours_is_on_the_dashboard(metrics: dict[str, set[str]]) -> None:
    asked = {name for panel in panels() for target in panel["targets"] for name, _ in SELECTOR.findall(target["expr"])}
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    ours = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in metrics
        if name.startswith("numbank_") and not name.endswith("_created")
    }
    assert ours - shown == set()


@pytest.mark.unit
def test_the_dashboard_can_be_imported_anywhere() -> None:
    names = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    assert names == ["datasource", "node"]
    for panel in panels():
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken), "panels lie on each other"


@pytest.mark.unit
def test_every_alert_names_a_page_that_exists_and_is_tried_both_ways() -> None:
    tried = yaml.safe_load((DEPLOY / "prometheus" / "alerts_test.yml").read_text())["tests"]
    names = {test["name"] for test in tried}
    for rule in rules():
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]
        assert {f"{rule['alert']} fires", f"{rule['alert']} is quiet"} <= names


@pytest.mark.unit
@pytest.mark.parametrize(
    "command",
    [("check", "rules", "alerts.yml"), pytest.param(("test", "rules", "alerts_test.yml"), marks=pytest.mark.slow)],
    ids=" ".join,
)
def test_the_alerts_do_what_they_say(command: tuple[str, ...]) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here (Debian package prometheus): the alerts were NOT tried")
    done = subprocess.run(
        ["promtool", *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
