"""How a lease is named where leases of several kinds stand side by side: a number's holder, a message's lease, a delivery.

Activations stand under their ids. Rentals have a sequence of their own whose ids may be the same, so they stand under minus
their ids. A lease of a mailbox holds no number and gets no message of these: it needs no such name.
"""

from __future__ import annotations


def of_rent(rent_id: int) -> int:
    """The reference of a rental."""
    return -rent_id


def rent_of(ref: int) -> int | None:
    """The rental of a reference, None when it is an activation's."""
    return -ref if ref < 0 else None
