"""The results as a table for people and as JSON for machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.harness import Figure


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for title in ("what", "bar", "median", "spread", ""):
        table.add_column(title, justify="left" if title in ("what", "") else "right", no_wrap=True)
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        unit = figure.unit
        verdict = "[green]ok[/]" if figure.ok else "[bold red]FALLS SHORT[/]"
        spread = f"{figure.low:.2f} .. {figure.high:.2f}"
        table.add_row(figure.name, f"{sign} {figure.bar:g} {unit}", f"{figure.value:.2f} {unit}", spread, verdict)
    console = Console(width=None if os.isatty(1) else 120, highlight=False)
    console.print(table)
    console.print()
    for figure in figures:
        if figure.detail:
            console.print(f"{figure.name}: {figure.detail}", style="dim", markup=False)


def write(file: Path, figures: Sequence[Figure], busy: float, command: str) -> None:
    """Write everything as JSON."""
    whole = {
        "at": datetime.now(UTC),
        "command": command,
        "cpus": os.cpu_count(),
        "others_cpu_percent": busy,
        "machine": platform.platform(),
        "python": platform.python_version(),
        "figures": [{**msgspec.to_builtins(figure), "ok": figure.ok} for figure in figures],
    }
    file.write_bytes(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
