"""The peers' load: numbank's two hot actions against a plain row-by-row implementation of them in Flask and SQLite."""
