"""Rentals: a number for hours."""
