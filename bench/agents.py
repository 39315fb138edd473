"""An agent for the benchmarks: it owns the numbers of the filled bank, and pushes messages to them."""

from __future__ import annotations

import msgspec

from bench.bank import Bank, connect
from bench.harness import BenchError
from numbank.clock import new_key
from numbank.customers.keys import digest_of
from numbank.db.versions import bump

ISSUED = """
insert into agent_key (digest, supplier_id) select $1, supplier_id from pool where id = $2
"""
SUCCESS = b'{"status":"SUCCESS"}'
TEXT = "{name} code: {code}. Do not share it with anyone."


async def key_of(bank: Bank) -> str:
    """A key for the supplier that the bank's numbers belong to."""
    key = new_key()
    connection = await connect(bank.dsn)
    try:
        async with connection.transaction():
            if await connection.execute(ISSUED, digest_of(key), bank.pool_id) != "INSERT 0 1":
                raise BenchError("the agent got no key")
            await bump(connection, "agents")
    finally:
        await connection.close()
    return key


def push_of(key: str, turn: int, e164: int, code: int, name: str = "Your") -> bytes:
    """A push as an agent sends it; the text names nobody, as most do not, so that it is for whoever leases the number."""
    return body_of(key, turn, e164, "Verify", TEXT.format(name=name, code=code))


def body_of(key: str, turn: int, e164: int, sender: str, text: str) -> bytes:
    """A push of any text, in one line."""
    return msgspec.json.encode(
        {"action": "PUSH_SMS", "key": key, "smsId": str(turn), "phone": str(e164), "phoneFrom": sender, "text": text}
    )
