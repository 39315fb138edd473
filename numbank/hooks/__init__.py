"""Webhooks to customers: a delivery per event and endpoint, sent again and again until it is taken or given up."""
