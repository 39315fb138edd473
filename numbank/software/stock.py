"""What the operator does with the shop: products, licence keys in stock, and another seal for what is sealed.

A key is kept sealed; what it is known by is a digest with a secret key (the pepper), so that the database alone tells
neither a key nor whether a guess is one.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.clock import new_key
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.ledger.journal import BrokenBooks
from numbank.secrets import KeyFile, WrongSeal
from numbank.software.model import Product, Purchase

Q = Queries("numbank.software")

MOST_NAME = 200
MOST_MANUAL = 10_000
MOST_KEY = 1_000
# Bytes of a line: a key of the widest characters, with blanks around it. What is as long or longer is not read to its end.
MOST_LINE = 8_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What the buyer of a key that was damaged reads in its place.
LOST = "(this key was damaged: ask the operator)"
COUNT_ALL = 2**31 - 1


class Loaded(msgspec.Struct):
    """What became of the lines of a file: how many keys are new, which lines repeat an earlier one of the file, and which
    are of keys that the bank had before."""

    added: int = 0
    repeated: list[int] = []
    known: list[int] = []


class Dropped(msgspec.Struct, frozen=True):
    """A key that was taken out: of which product, and who bought it if somebody did."""

    product_id: int
    purchase_id: int | None
    account_id: int | None


class Counts(msgspec.Struct, frozen=True):
    """The keys of a product."""

    stock: int
    sold: int
    loaded_at: datetime | None


async def add(tx: Connection, name: str, price: int, manual: str) -> int:
    """A new product; gives its id. OperatorError when the name is taken."""
    _check(name, manual)
    product_id: int | None = await tx.fetchval(Q.add_product, name, price, manual)
    if product_id is None:
        raise OperatorError(f"there is a product {name!r} already")
    return product_id


async def change(
    tx: Connection,
    product_id: int,
    *,
    name: str | None = None,
    price: int | None = None,
    manual: str | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given of a product; OperatorError when there is none, or another one has the name."""
    _check(name, manual)
    if name is not None and await tx.fetchval(Q.name_taken, product_id, name):
        raise OperatorError(f"there is a product {name!r} already")
    if await tx.fetchval(Q.change_product, product_id, name, price, manual, active) is None:
        raise _no_product(product_id)


async def listed(pool: Pool) -> list[Product]:
    """All products with all their stock."""
    return [Product(*row) for row in await pool.fetch(Q.shop_window, COUNT_ALL)]


async def one(connection: Connection | Pool, product_id: int) -> str:
    """The name of a product; OperatorError when there is none."""
    row = await connection.fetchrow(Q.product_line, product_id)
    if row is None:
        raise _no_product(product_id)
    name: str = row["name"]
    return name


async def counts(connection: Connection | Pool, product_id: int) -> Counts:
    """How many keys a product has and had."""
    await one(connection, product_id)
    [row] = await connection.fetch(Q.key_counts, product_id)
    return Counts(*row)


async def sold(pool: Pool, product_id: int | None, account_id: int | None, limit: int) -> list[Purchase]:
    """The newest purchases, without their keys; of one product or customer, or of all."""
    return [Purchase(*row) for row in await pool.fetch(Q.sold, product_id, account_id, limit)]


def key_of(line: bytes) -> str | OperatorError | None:
    """The key on a line of a file, of which MOST_LINE bytes are enough; None for an empty line and for a comment (#)."""
    bare = line.removeprefix(BYTE_ORDER_MARK)
    if bare.lstrip().startswith(b"#"):
        return None
    if len(line) >= MOST_LINE:
        return OperatorError(f"longer than {MOST_KEY} characters")
    try:
        text = bare.decode().strip()
    except UnicodeDecodeError:
        return OperatorError("not UTF-8")
    if not text:
        return None
    if len(text) > MOST_KEY:
        return OperatorError(f"longer than {MOST_KEY} characters")
    return text if text.isprintable() else OperatorError("a character in it that does not print")


class Loader:
    """Loads keys for one product, some lines at a time, each time in a transaction; remembers the digests of the file."""

    def __init__(self, seals: Seals, product_id: int) -> None:
        self._seals = seals
        self._product_id = product_id
        self._seen: set[bytes] = set()

    async def load(self, tx: Connection, keys: Sequence[tuple[int, str]], loaded: Loaded) -> int:
        """Put keys (with the numbers of their lines) in stock; gives how many are new. Counts in `loaded` what is not."""
        await one(tx, self._product_id)
        await self._seals.sealer(tx)
        # From here on a rotation waits for this transaction, so what is sealed below is sealed again by it if need be.
        check = await tx.fetchval(Q.hold_seal)
        # With the key that the bank seals with now, also where the file was not copied to this machine since.
        file = (await self._seals.opener(tx)).like(check)
        secret = await pepper(tx, file)
        fresh: dict[bytes, tuple[int, str]] = {}
        for line, text in keys:
            digest = digest_of(secret, text)
            if digest in self._seen:
                loaded.repeated.append(line)
            else:
                self._seen.add(digest)
                fresh[digest] = (line, text)
        there = {row[0] for row in await tx.fetch(Q.known_keys, list(fresh))}
        wanted = [digest for digest in fresh if digest not in there]
        sealed = [file.seal(fresh[digest][1]) for digest in wanted]
        new = {row[0] for row in await tx.fetch(Q.add_keys, self._product_id, wanted, sealed)} if wanted else set()
        loaded.known += [line for digest, (line, _) in fresh.items() if digest not in new]
        return len(new)


def digest_of(secret: bytes, key: str) -> bytes:
    """What a key is known by."""
    return hmac.digest(secret, key.encode(), "sha256")


async def pepper(tx: Connection, file: KeyFile) -> bytes:
    """The secret key of the digests; made at the first load."""
    sealed = await tx.fetchval(Q.pepper)
    if sealed is None:
        await tx.execute(Q.add_pepper, file.seal(new_key()))
        sealed = await tx.fetchval(Q.pepper)
    return file.open(sealed).encode()


async def reseal_pepper(tx: Connection, seals: Seals) -> None:
    """Seal the pepper with the first key of the file."""
    file = await seals.opener(tx)
    sealed = await tx.fetchval(Q.pepper)
    if sealed is not None:
        await tx.execute(Q.change_pepper, file.seal(file.open(sealed)))


async def how_many(connection: Connection | Pool) -> int:
    """How many keys there are to seal again: those that were sold are shown to their customers too."""
    count: int = await connection.fetchval(Q.count_keys)
    return count


async def reseal_some(tx: Connection, seals: Seals, after: int, limit: int) -> tuple[int, int]:
    """Seal some keys behind an id with the first key of the file; gives how many, and the last id.

    In small transactions: a key that is being sealed is not sold meanwhile. The pepper and the check value come first, so
    that no load seals with an old key behind our back.
    """
    file = await seals.opener(tx)
    rows = await tx.fetch(Q.keys_to_reseal, after, limit)
    if not rows:
        return 0, after
    again = [file.seal(_opened(file, *row)) for row in rows]
    done = await tx.fetchval(Q.reseal_keys, [row["id"] for row in rows], again)
    if done != len(rows):
        raise BrokenBooks(f"{done} of {len(rows)} licence keys were sealed again")
    return len(rows), rows[-1]["id"]


async def drop(tx: Connection, seals: Seals, key_id: int) -> Dropped:
    """Take out a key that the right key file does not open. One that was sold stays with its purchase, as a line that says
    what happened; OperatorError for a key that opens, and for a file that is not this bank's.
    """
    file = await seals.opener(tx)
    row = await tx.fetchrow(Q.lock_key, key_id)
    if row is None:
        raise OperatorError(f"there is no licence key {key_id}")
    if _opens(file, row["sealed"]):
        raise OperatorError(f"licence key {key_id} can be opened: there is nothing to take out")
    if row["purchase_id"] is None:
        await tx.execute(Q.delete_key, key_id)
    else:
        await tx.fetchval(Q.reseal_keys, [key_id], [file.seal(LOST)])
    return Dropped(row["product_id"], row["purchase_id"], row["account_id"])


def _opens(file: KeyFile, sealed: bytes) -> bool:
    try:
        file.open(sealed)
    except WrongSeal:
        return False
    return True


def _opened(file: KeyFile, key_id: int, sealed: bytes) -> str:
    try:
        return file.open(sealed)
    except WrongSeal:
        raise WrongSeal(
            f"licence key {key_id} was sealed with a key that is not in {file.path};"
            f" if that key is lost: numbank product drop {key_id}"
        ) from None


def _check(name: str | None, manual: str | None) -> None:
    if name is not None and not (name.strip() == name and 0 < len(name) <= MOST_NAME and name.isprintable()):
        raise OperatorError(f"a name has 1 to {MOST_NAME} printable characters")
    if manual is not None and (len(manual) > MOST_MANUAL or "\0" in manual):
        raise OperatorError(f"a manual has at most {MOST_MANUAL} characters, and no NUL")


def _no_product(product_id: int) -> OperatorError:
    return OperatorError(f"there is no product {product_id}")
