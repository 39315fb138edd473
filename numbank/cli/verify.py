"""verify: proves the books and the stock."""
