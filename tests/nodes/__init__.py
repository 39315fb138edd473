"""Several real nodes on one bank: who wins, what everybody knows, and what a node that was away may still do."""
