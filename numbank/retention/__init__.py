"""Erases what people wrote to each other: texts, senders, codes, recordings, targets; the books stay (docs/policy.md)."""
