"""Backups: written while the bank serves, whole or not there at all, proved when restored (docs/operations/backup.md)."""
