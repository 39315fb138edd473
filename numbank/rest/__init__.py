"""The bank's own JSON API under /v1, for customers, with the key of the wire."""
