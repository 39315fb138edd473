"""The running bank: the ASGI app, its workers, health, metrics and logs."""
