"""Crashes for real: nodes, databases, connections and disks that die under load, and what is proved afterwards."""
