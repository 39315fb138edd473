"""Mailboxes: an address for one site."""
