"""product add, list, set, on, off, load, drop, keys, sold: the partner software shop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
from rich.progress import Progress

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.cli.lines import STDIN, cut_lines, opened
from numbank.customers import audit
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.money import format_minor
from numbank.software import stock

app = typer.Typer(no_args_is_help=True)

# Keys that are loaded in one transaction, all or none.
BATCH = 10_000
MOST_LISTED = 10_000
MOST_LINES_SHOWN = 20
MAX_PRODUCT = 2**31 - 1

ProductId = Annotated[int, typer.Argument(metavar="PRODUCT", min=1, max=MAX_PRODUCT, help="Id of the product.")]
Manual = Annotated[str | None, typer.Option("--manual", help="What the buyer reads with the key.", show_default="none")]
ManualFile = Annotated[
    Path | None, typer.Option("--manual-file", help="The same from a file, UTF-8.", show_default="none")
]


class Read(msgspec.Struct):
    """What was read of a file of keys so far, and what became of it."""

    loaded: stock.Loaded = msgspec.field(default_factory=stock.Loaded)
    bad: list[tuple[int, str]] = []
    lines: int = 0


@app.callback()
def group() -> None:
    """Products of the partner software shop and their licence keys."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the product.")],
    price: Annotated[str, typer.Option("--price", help="What one key costs, e.g. 12.5.")],
    manual: Manual = None,
    manual_file: ManualFile = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a product and print its id. It is sold as soon as keys are loaded."""
    minor = amount_of(price)
    text = _manual(manual, manual_file) or ""

    async def act(office: Office) -> int:
        async with office.transaction() as tx:
            product_id = await stock.add(tx, name.strip(), minor, text)
            details = {"name": name.strip(), "price": format_minor(minor), "manual": text}
            await audit.write(tx, "product.add", f"product {product_id}", details)
            return product_id

    product_id = run(data, database_url, act)
    _said({"product": product_id}, f"product {product_id}", json=json)


@app.command("set")
def set_(
    product_id: ProductId,
    name: Annotated[str | None, typer.Option("--name", help="Another name.", show_default="as it is")] = None,
    price: Annotated[
        str | None, typer.Option("--price", help="What one key costs from now on.", show_default="as it is")
    ] = None,
    manual: Manual = None,
    manual_file: ManualFile = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change name, price or manual of a product. Who bought before reads the new manual too."""
    minor = None if price is None else amount_of(price)
    text = _manual(manual, manual_file)
    name = None if name is None else name.strip()
    if name is None and minor is None and text is None:
        raise OperatorError("give --name, --price, --manual or --manual-file")

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await stock.change(tx, product_id, name=name, price=minor, manual=text)
            wanted = {"name": name, "price": None if minor is None else format_minor(minor), "manual": text}
            details = {what: value for what, value in wanted.items() if value is not None}
            await audit.write(tx, "product.set", f"product {product_id}", details)

    run(data, database_url, act)
    _said({"product": product_id}, f"product {product_id} is changed", json=json)


@app.command()
def on(product_id: ProductId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Sell a product again after `off`."""
    _switch(product_id, active=True, json=json, data=data, database_url=database_url)


@app.command()
def off(product_id: ProductId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Answer BAD_DATA to purchases of a product; its keys stay in stock."""
    _switch(product_id, active=False, json=json, data=data, database_url=database_url)


def _switch(product_id: int, *, active: bool, json: bool, data: str | None, database_url: str | None) -> None:
    act_name = "product.on" if active else "product.off"

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            await stock.change(tx, product_id, active=active)
            await audit.write(tx, act_name, f"product {product_id}", {})

    run(data, database_url, act)
    _said(
        {"product": product_id, "active": active},
        f"product {product_id} is {'sold' if active else 'not sold'}",
        json=json,
    )


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all products with their price and how many keys are in stock."""

    async def act(office: Office) -> list[dict[str, object]]:
        return [
            {"product": one.id, "name": one.name, "price": format_minor(one.price), "active": one.active,
             "stock": one.stock, "manual": one.manual}
            for one in await stock.listed(office.pool)
        ]  # fmt: skip

    rows = run(data, database_url, act)
    if json:
        screen.print_json(rows)
    else:
        columns = ("product", "name", "price", "active", "stock", "manual")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def load(
    product_id: ProductId,
    file: Annotated[str, typer.Argument(help="A file with one key a line; - for standard input.")] = STDIN,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Put licence keys in stock, one a line. Empty lines and lines that begin with # are skipped; a key that the bank has
    or had is not loaded twice, so a load that was cut short is run again."""
    read = run(data, database_url, partial(_load, product_id, file))
    _report(product_id, read, json=json)
    if read.bad:
        raise typer.Exit(1)


async def _load(product_id: int, file: str, office: Office) -> Read:
    read = Read()
    loader = stock.Loader(Seals(office.settings.secrets_path), product_id)
    await stock.one(office.pool, product_id)
    with (
        opened(file, "licence keys") as stream,
        Progress(console=screen.err, disable=not screen.err.is_terminal) as bar,
    ):
        task = bar.add_task("loading keys", total=_size(stream))
        for keys, size in _batches(stream, read):
            if keys:
                await _load_batch(office, loader, product_id, keys, read.loaded)
            bar.advance(task, size)
    async with office.transaction() as tx:
        await tx.execute("analyze licence_key")
    return read


async def _load_batch(
    office: Office, loader: stock.Loader, product_id: int, keys: list[tuple[int, str]], loaded: stock.Loaded
) -> None:
    """Load some keys, all or none, and write that down."""
    async with office.transaction() as tx:
        added = await loader.load(tx, keys, loaded)
        if added:
            details = {"added": added, "lines": f"{keys[0][0]}-{keys[-1][0]}"}
            await audit.write(tx, "product.load", f"product {product_id}", details)
    loaded.added += added


def _batches(stream: BinaryIO, read: Read) -> Iterator[tuple[list[tuple[int, str]], int]]:
    """The keys of a file with their lines, some at a time, and how many bytes they took; bad lines are noted."""
    keys: list[tuple[int, str]] = []
    size = 0
    for line, length in cut_lines(stream, stock.MOST_LINE):
        read.lines += 1
        size += length
        key = stock.key_of(line)
        if isinstance(key, OperatorError):
            read.bad.append((read.lines, str(key)))
        elif key is not None:
            keys.append((read.lines, key))
        if len(keys) == BATCH:
            yield keys, size
            keys, size = [], 0
    yield keys, size


def _size(stream: BinaryIO) -> int | None:
    """How many bytes there are to read; None when nobody knows."""
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:  # a stream that is no file of the system
        return None


def _report(product_id: int, read: Read, *, json: bool) -> None:
    """Say what became of the lines. A key is never shown, only the number of its line."""
    loaded = read.loaded
    if json:
        screen.print_json({
            "product": product_id, "added": loaded.added, "repeated": loaded.repeated, "known": loaded.known,
            "bad": [{"line": line, "reason": reason} for line, reason in read.bad],
        })  # fmt: skip
        return
    for style, lines in (
        ("red", read.bad),
        ("yellow", [(line, "the same key as an earlier line") for line in loaded.repeated]),
        ("yellow", [(line, "the same key as the bank has or had") for line in loaded.known]),
    ):
        for line, what in lines[:MOST_LINES_SHOWN]:
            screen.err.print(f"line {line}: {what}", style=style, markup=False)
        if len(lines) > MOST_LINES_SHOWN:
            screen.err.print(f"and {len(lines) - MOST_LINES_SHOWN} lines more of this", style=style, markup=False)
    told = f"added {loaded.added}, twice in the file {len(loaded.repeated)}, known already {len(loaded.known)}"
    screen.out.print(f"{told}, bad {len(read.bad)}")


@app.command()
def drop(
    key_id: Annotated[
        int, typer.Argument(metavar="KEY", min=1, max=MAX_ID, help="Id of the licence key, as logs name it.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Take out a licence key that cannot be opened any more: `secrets rotate` stops at it. A key that opens is refused."""

    async def act(office: Office) -> stock.Dropped:
        async with office.transaction() as tx:
            dropped = await stock.drop(tx, Seals(office.settings.secrets_path), key_id)
            details = {"product": dropped.product_id, "purchase": dropped.purchase_id, "reason": reason}
            await audit.write(tx, "product.drop", f"licence key {key_id}", details)
            return dropped

    dropped = run(data, database_url, act)
    told = f"licence key {key_id} of product {dropped.product_id} is out of stock"
    if dropped.purchase_id is not None:
        told = (
            f"licence key {key_id} is lost: customer {dropped.account_id} bought it (purchase {dropped.purchase_id}),"
            " reads that now, and may want the money back"
        )
    value: dict[str, object] = {
        "key": key_id,
        "product": dropped.product_id,
        "purchase": dropped.purchase_id,
        "customer": dropped.account_id,
    }
    _said(value, told, json=json)


@app.command()
def keys(product_id: ProductId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show how many keys of a product are in stock and sold; the keys themselves only their buyers see."""

    async def act(office: Office) -> stock.Counts:
        return await stock.counts(office.pool, product_id)

    found = run(data, database_url, act)
    loaded_at = found.loaded_at and found.loaded_at.isoformat(timespec="seconds")
    if json:
        screen.print_json(
            {"product": product_id, "stock": found.stock, "sold": found.sold, "last_loaded_at": loaded_at}
        )
    else:
        last = "" if loaded_at is None else f", last loaded at {loaded_at}"
        screen.out.print(f"product {product_id}: {found.stock} in stock, {found.sold} sold{last}", markup=False)


@app.command()
def sold(
    product_id: Annotated[
        int | None, typer.Option("--product", min=1, max=MAX_PRODUCT, help="Only this product.")
    ] = None,
    customer_id: Annotated[
        int | None, typer.Option("--customer", min=1, max=MAX_ID, help="Only this customer.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_LISTED, help="The newest so many.")] = 100,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List what was sold to whom, the newest first."""

    async def act(office: Office) -> list[dict[str, object]]:
        return [
            {"purchase": one.id, "customer": one.account_id, "product": one.product_id, "name": one.product,
             "price": format_minor(one.price), "currency": one.currency, "at": one.at.isoformat(timespec="seconds")}
            for one in await stock.sold(office.pool, product_id, customer_id, limit)
        ]  # fmt: skip

    rows = run(data, database_url, act)
    if json:
        screen.print_json(rows)
    else:
        columns = ("purchase", "customer", "product", "name", "price", "currency", "at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


def _manual(text: str | None, file: Path | None) -> str | None:
    """The manual as it was given; OperatorError when it was given twice or cannot be read."""
    if file is None:
        return text
    if text is not None:
        raise OperatorError("give either --manual or --manual-file")
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise OperatorError(f"{file} is not UTF-8") from None
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None


def _said(value: dict[str, object], text: str, *, json: bool) -> None:
    if json:
        screen.print_json(value)
    else:
        screen.out.print(text, markup=False)
