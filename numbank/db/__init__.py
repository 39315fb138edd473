"""PostgreSQL: the pool, the server that comes along, named queries, the counter, migrations."""
