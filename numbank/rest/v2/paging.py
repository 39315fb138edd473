"""Pages and order of the lists: `size` (or `per_page`) and `page`, `sort[id]` (or `sort`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")

MOST_ROWS = 100
MOST_NAMES = 1_000
LAST_PAGE = 1_000_000

Order = Literal["asc", "desc"]
PageNumber = Annotated[int, Meta(ge=1, le=LAST_PAGE, description="page, from 1")]
SORT = {"aliases": ("sort",)}
SIZE = {"aliases": ("per_page",)}


class Window(msgspec.Struct, frozen=True):
    """Which part of a list of names."""

    size: Annotated[int, Meta(ge=1, le=MOST_NAMES, description="rows on a page; also `per_page`", extra=SIZE)] = 10
    page: PageNumber = 1
    sort: Annotated[Order, Meta(description="order of the ids; also flat, `sort=desc`", extra=SORT)] = msgspec.field(
        default="asc", name="sort[id]"
    )


class PaginationMetaData(msgspec.Struct, frozen=True):
    """Which part of a list this is."""

    page: int
    size: int
    sort: dict[str, Order]
    total: int


class Paged(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list."""

    data: list[T]
    meta: PaginationMetaData


def cut(rows: Sequence[T], window: Window) -> Paged[T]:
    """The part of a list, which is in ascending order."""
    ordered = rows if window.sort == "asc" else rows[::-1]
    start = (window.page - 1) * window.size
    meta = PaginationMetaData(window.page, window.size, {"id": window.sort}, len(rows))
    return Paged(list(ordered[start : start + window.size]), meta)
