"""The places that numbers come from, one folder each; they speak to the bank through supply/supplier.py and intake/door.py."""
