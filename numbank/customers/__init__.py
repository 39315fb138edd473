"""Customers: accounts, API keys, limits."""
