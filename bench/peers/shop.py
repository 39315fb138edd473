"""A number shop as it is usually written: Flask, SQLite, one query after the other. Written for this comparison.

getNumber finds the customer by key, looks up the price, takes the first free number that was not used for the service,
writes the activation and takes the money; getStatus reads one row. The database is in WAL mode, each look-up has an index,
and SQLite's default `synchronous=FULL`, so that what was committed survives a crash. Each thread keeps its connection.

What is left out: cancel, expiry, refunds, a ledger, rate limits, stock counts, price limits, statistics, webhooks; the bank
does all of that for a lease. By default it reads, decides and then writes, as Python's sqlite3 leads one to: the transaction
begins with the first write. With PEER_CAREFUL=1 it begins before the first read (`begin immediate`).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time

from flask import Flask, Response, request

SCHEMA = """
pragma journal_mode = wal;
create table customer (id integer primary key, api_key text not null unique, balance integer not null);
create table price (country integer not null, service text not null, price integer not null, primary key (country, service));
create table number (id integer primary key, country integer not null, phone text not null unique, free integer not null);
create index number_free on number (country, free);
create table activation (
  id integer primary key autoincrement, customer_id integer not null, number_id integer not null, service text not null,
  price integer not null, status text not null, code text, created_at real not null
);
create index activation_number on activation (number_id, service);
"""
FREE = """
select id, phone from number n where country = ? and free = 1
and not exists (select 1 from activation a where a.number_id = n.id and a.service = ?) limit 1
"""
INSERTED = """
insert into activation (customer_id, number_id, service, price, status, created_at)
values (?, ?, ?, ?, 'STATUS_WAIT_CODE', ?)
"""
LOCK_WAIT_S = 5.0

_kept = threading.local()


def connection() -> sqlite3.Connection:
    """The connection of this thread."""
    if not hasattr(_kept, "connection"):
        _kept.connection = sqlite3.connect(os.environ["PEER_DATABASE"], timeout=LOCK_WAIT_S)
    found: sqlite3.Connection = _kept.connection
    return found


def create() -> Flask:
    """The application, for gunicorn."""
    app = Flask(__name__)
    careful = os.environ.get("PEER_CAREFUL") == "1"

    @app.get("/stubs/handler_api.php")
    def handler() -> Response:
        db = connection()
        try:
            with db:
                if careful and request.args["action"] == "getNumber":
                    db.execute("begin immediate")
                answer = ACTIONS[request.args["action"]](db)
        except sqlite3.OperationalError:
            return Response("ERROR_SQL", status=503)
        return Response(answer, mimetype="text/html")

    return app


def get_number(db: sqlite3.Connection) -> str:
    """Sell a number."""
    customer = db.execute("select id, balance from customer where api_key = ?", (request.args["api_key"],)).fetchone()
    if customer is None:
        return "BAD_KEY"
    country, service = int(request.args["country"]), request.args["service"]
    price = db.execute("select price from price where country = ? and service = ?", (country, service)).fetchone()
    if price is None:
        return "BAD_SERVICE"
    if customer[1] < price[0]:
        return "NO_BALANCE"
    number = db.execute(FREE, (country, service)).fetchone()
    if number is None:
        return "NO_NUMBERS"
    done = db.execute(INSERTED, (customer[0], number[0], service, price[0], time.time()))
    db.execute("update number set free = 0 where id = ?", (number[0],))
    db.execute("update customer set balance = ? where id = ?", (customer[1] - price[0], customer[0]))
    return f"ACCESS_NUMBER:{done.lastrowid}:{number[1]}"


def get_status(db: sqlite3.Connection) -> str:
    """Show what came."""
    row = db.execute(
        "select a.status, a.code from activation a join customer c on c.id = a.customer_id where a.id = ? and c.api_key = ?",
        (request.args["id"], request.args["api_key"]),
    ).fetchone()
    if row is None:
        return "NO_ACTIVATION"
    return f"STATUS_OK:{row[1]}" if row[1] else str(row[0])


ACTIONS = {"getNumber": get_number, "getStatus": get_status}
