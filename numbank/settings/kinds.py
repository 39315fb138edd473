"""What settings are made of: their prefix, the kinds of values with their bounds, and the line of doc."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

PREFIX = "NUMBANK_"
DEFAULT_DATA = "numbank-data"
MOST_SECONDS = 31_536_000
Seconds = Annotated[float, Meta(ge=0, le=MOST_SECONDS)]
# The pause of a loop: without a lower bound a 0 would keep a core busy and the database under fire.
Period = Annotated[float, Meta(ge=0.01, le=MOST_SECONDS)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Minutes = Annotated[int, Meta(ge=1, le=525_600)]


def doc(text: str) -> Meta:
    """The line of doc of a setting."""
    return Meta(description=text)
