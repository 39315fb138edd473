"""JSON as the wire shows it: compact, UTF-8."""

from __future__ import annotations

import msgspec

encode = msgspec.json.Encoder().encode
