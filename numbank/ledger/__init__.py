"""Double entry: accounts, holds and the journal; knows nothing of numbers."""
