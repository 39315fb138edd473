"""The security lint is on for the whole package, and whatever it is told to pass over has a reason beside it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parent.parent
LINT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
EXCUSE = re.compile(r"#\s*noqa:\s*((?:[A-Z]+\d+,?\s*)+)(.*)")
UNSAFE = "import subprocess\n\n\ndef run(text: str) -> None:\n    subprocess.run(text, shell=True)\n    eval(text)\n"


def excuses() -> list[tuple[str, str]]:
    """Where security rules are passed over in the package, and why."""
    found = []
    for path in sorted((ROOT / "numbank").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            excuse = EXCUSE.search(line)
            if excuse and re.search(r"\bS\d", excuse[1]):
                found.append((f"{path.relative_to(ROOT)}:{number}", excuse[2].strip()))
    return found


def test_every_rule_of_the_security_lint_is_on_for_the_package() -> None:
    assert "S" in LINT["select"]
    ignored = [rule for rule in LINT["ignore"] if rule.startswith("S") and not rule.startswith("SIM")]
    assert ignored == ["S603", "S607"], "of these each call has an argument list, and starts our own programs"
    assert [glob for glob, rules in LINT["per-file-ignores"].items() if "S" in rules] == ["tests/**", "bench/**"]


def test_whatever_is_passed_over_has_a_reason_beside_it() -> None:
    assert len(excuses()) > 10
    assert [place for place, reason in excuses() if not reason] == []


def test_the_lint_of_the_package_finds_what_is_unsafe() -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format",
        "concise",
        "--stdin-filename",
        "numbank/planted.py",
    ]
    done = subprocess.run([*command, "-"], input=UNSAFE, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert {"S602", "S307"} <= set(re.findall(r"\bS\d+\b", done.stdout))
