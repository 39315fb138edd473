"""The places that numbers come from, one folder each; over the port (supply/supplier.py) and the door (intake/door.py)."""
