"""A bank of its own for every test: bookmarks go on from test to test otherwise."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.conftest import _admin, drop, on_database


@pytest.fixture
def dsn(template: str) -> Iterator[str]:
    """A fresh bank."""
    name = f"bank_{uuid4().hex}"
    asyncio.run(_admin(f"create database {name} template {template}"))
    yield on_database(os.environ["NUMBANK_TEST_DSN"], name)
    asyncio.run(drop(name))
