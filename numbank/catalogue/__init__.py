"""Countries, services, operators, offers, stock counts and price lists."""
