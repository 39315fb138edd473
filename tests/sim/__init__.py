"""A bank under a seed: the real desks on the real database, with chance and time in the simulation's hands."""
