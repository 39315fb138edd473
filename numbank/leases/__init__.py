"""What all kinds of lease share: ends, rest, the sweep."""
