"""A message comes in: stored, matched, posted, in one transaction."""
