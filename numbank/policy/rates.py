"""How often a customer may ask, and a client may try wrong keys: counted in the memory of one worker process."""

from __future__ import annotations

# Beyond so many everything is forgotten: a moment of generosity rather than memory without a bound.
MOST_REMEMBERED = 100_000
WINDOW_S = 60.0


class Buckets:
    """Requests per second of each customer: a bucket that holds one second's worth, and refills steadily.

    Kept as one float, the time at which the bucket would be full again (a leaky bucket as a meter, GCRA).
    """

    def __init__(self) -> None:
        self._full_at: dict[int, float] = {}

    def take(self, owner: int, per_s: int, now: float) -> bool:
        """Take one request; False when the bucket is empty. `now` is monotonic."""
        full_at = max(self._full_at.get(owner, now), now) + 1 / per_s
        # Rounding of many small steps must not cost the last request of a full bucket.
        if full_at - now > 1.000001:
            return False
        if len(self._full_at) >= MOST_REMEMBERED:
            self._full_at.clear()
        self._full_at[owner] = full_at
        return True


class Flood:
    """Wrong keys of each client address within a minute."""

    def __init__(self, per_min: int) -> None:
        self._per_min = per_min
        self._counts: dict[str, int] = {}
        self._since = float("-inf")

    def over(self, client: str, now: float) -> bool:
        """Whether this client has used up its minute."""
        return now - self._since < WINDOW_S and self._counts.get(client, 0) >= self._per_min

    def note(self, client: str, now: float) -> None:
        """Count a wrong key."""
        if now - self._since >= WINDOW_S or len(self._counts) >= MOST_REMEMBERED:
            self._counts.clear()
            self._since = now
        self._counts[client] = self._counts.get(client, 0) + 1
