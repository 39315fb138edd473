"""The partner software shop: licence keys, each sold once."""
