"""What makes the bank lawful to run: services denied for sale, regions, client addresses, rates (docs/policy.md)."""
