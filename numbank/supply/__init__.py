"""Numbers and where they come from: pools, shelves, claims, counts, and the supplier port."""
