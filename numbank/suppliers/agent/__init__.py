"""Agents: SIM banks of others that push their messages to us, with the protocol of supply.md section 1."""
