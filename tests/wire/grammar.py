"""Requests by chance, from the registry's own grammar: every parameter under all its names, with good, borderline and
hostile values of its kind, carried in every way that the wire accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from urllib.parse import quote_plus

import msgspec

from numbank.wire.dialects import Dialect
from numbank.wire.registry import KINDS, Param
from tests.wire.sample_goods import DENIED, POPULAR, SITE, SMALL, ZONE

# What no parameter expects.
HOSTILE = (
    "", " ", "\0", "1\0", "\ufffd", "ю", "٠١٢", "１２", "\N{GRINNING FACE}",
    "\r\nX-Header: 1", "a" * 3_000, "9" * 40, "9" * 400,
    "-1", "-0", "+1", "1e5", "1e999999999", "nan", "-inf", "0x10", "1_000", "0.0001", "0.00001", "1,5", str(2**31 - 1),
    str(2**31), str(2**63 - 1), str(2**63), str(-(2**63)), "null", "None", "undefined", "true", "[]", "{}", "a,b", ",",
    ",,,",
    "';drop table activation;--", "%s%s%s", "../../etc/passwd", "<script>", "${jndi:ldap}",
)  # fmt: skip
OPERATORS = ("any", "mts", "beeline", "nobody", "")
DOMAINS = (ZONE, ZONE, POPULAR, POPULAR, f".{ZONE}", "first.example", SMALL, "nowhere")
SITES = (SITE, SITE, f"https://www.{SITE}/join", "other.site", DENIED, f"shop.{DENIED}", "10.0.0.1", "nonsense")
PREFIXES = ("7918", "7900111", "4479", "123456789", "7701")
TOO_MANY, SHORT, LONG = ",".join(["7918"] * 5 + [f"79{n}" for n in range(10, 30)]), "791", "1234567890"
ADDRESSES = ("https://hooks.example/in", "http://hooks.example:8080/a?b=c", "http://127.0.0.1/", "ftp://x", "nowhere")
METHODS = ("GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "BREW")


class World(msgspec.Struct):
    """What the bank has, for values that mean something. `lease_ids` and `leased` (numbers), `mailbox_ids` and `emails` grow
    while requests succeed, `old_ids` are leases of the first customer that were made before, `rent_ids` rentals by customer.
    """

    keys: Mapping[str, str]
    services: Sequence[str]
    countries: Sequence[int | str]
    suppliers: Sequence[int]
    phones: Sequence[int]
    now_s: int
    lease_ids: dict[str, list[int]]
    old_ids: Sequence[int]
    leased: list[int] = []
    rent_ids: dict[str, list[int]] = {}
    products: Sequence[int] = ()
    mailbox_ids: dict[str, list[int]] = {}
    emails: list[str] = []


class Request(msgspec.Struct, frozen=True):
    """One request: `dialect` is that of its path, `who` whose key it carries."""

    dialect: Dialect
    action: str
    who: str
    method: str
    path: str
    query: bytes
    body: bytes
    content_type: str
    params: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.dialect.name} {self.method} {self.path} {self.action} by {self.who} {self.params!r}"


class Grammar:
    """Makes requests; the same chance makes the same ones from the same world."""

    def __init__(self, world: World, chance: Random, dialects: Sequence[Dialect]) -> None:
        self._world = world
        self._chance = chance
        self._dialects = dialects

        def some(values: Sequence[object], most: int) -> str:
            return ",".join(str(one) for one in chance.choices(values, k=chance.randint(1, most)))

        self._makers: dict[str, Callable[[str], str]] = {
            "activation id": self._lease_id,
            "address": lambda _: chance.choice(ADDRESSES),
            "boolean": lambda _: chance.choice(("1", "0", "true", "false", "True", "False", "yes", "no")),
            "country": lambda _: str(chance.choice(world.countries)),
            "currency": lambda _: chance.choice(("840", "978", "EUR", "643", "999", "xyz")),
            "date": lambda _: f"20{chance.randrange(100):02d}-{chance.randrange(14):02d}-{chance.randrange(33):02d}",
            "decimal": lambda _: f"{chance.choice((0, 0.05, 0.1, 0.1, 0.15, 0.2, 1, 10_000))}",
            "flags": lambda _: some("0001", 4),
            "hours": lambda _: str(chance.choice((0, 1, 2, 3, 4, 5, 12, 24, 25, 168, 1_340, 1_344, 1_345, 32_768))),
            "language tag": lambda _: chance.choice(("en", "ru", "en-US", "cmn-Hans-CN", "xx", "zz-ZZ-zz")),
            "mail domain": lambda _: chance.choice(DOMAINS),
            "mailbox id": self._mailbox_id,
            "number": lambda _: str(chance.choice((0, 1, 2, 5, 10, 50, 99, 100, 101, 1000))),
            "numbers": lambda _: some(range(5), 4),
            "operators": lambda _: some(OPERATORS, 3),
            "phone": lambda _: str(chance.choice(world.phones)),
            "rental id": self._rent_id,
            "prefixes": lambda _: chance.choice((some(PREFIXES, 5), some(PREFIXES, 20), TOO_MANY, SHORT, LONG)),
            "product": lambda _: str(chance.choice((*world.products, 9_999))),
            "service": lambda _: chance.choice(world.services),
            "services": lambda _: some(world.services, 4),
            "site": lambda _: chance.choice(SITES),
            "supplier ids": lambda _: some(world.suppliers, 3),
            "text": lambda _: chance.choice(("a", "order-1", "order-2", "user 5", "ü" * 30, "x" * 255, "x" * 256)),
            "time": lambda _: str(world.now_s - chance.choice((0, 60, 86_400, 40 * 86_400, -60))),
        }  # fmt: skip
        assert self._makers.keys() == KINDS

    def request(self) -> Request:
        """The next request."""
        chance = self._chance
        dialect = chance.choice(self._dialects)
        who = chance.choices(list(self._world.keys), [9, *(1 for _ in range(len(self._world.keys) - 1))])[0]
        names = sorted(dialect.actions)
        action = (
            chance.choice(names)
            if chance.random() < 0.97
            else chance.choice(("", "getMoney", names[0].upper(), *HOSTILE))
        )
        known = dialect.actions.get(action)
        fields: list[tuple[str, str]] = []
        # Half of all requests mean well; of the others a tenth or nearly half of the values are hostile.
        hostility = chance.choices((0.0, 0.1, 0.45), (5, 3, 2))[0]
        completeness = chance.choice((0.1, 0.4, 1.0))
        for place, param in enumerate(known.params if known is not None else ()):
            # What an action cannot do without stands first.
            if chance.random() < completeness or (place == 0 and not hostility):
                fields.append((self._name(param), self.value(param, who, hostility)))
            if chance.random() < 0.02:
                fields.append((self._name(param), self.value(param, who, hostility)))
        if chance.random() < 0.05:
            fields.append((chance.choice(("json", "x", "ref[]", "", "Service", "\0")), chance.choice(HOSTILE)))
        chance.shuffle(fields)
        fields[:0] = [("api_key", self._world.keys[who]), ("action", action)]
        return self._carried(dialect, action, who, fields)

    def value(self, param: Param, who: str, hostility: float) -> str:
        """A value that is meant, or with the chance of `hostility` one that nobody expects."""
        if self._chance.random() < hostility:
            return self._chance.choice(HOSTILE)
        if param.values in self._makers:
            return self._makers[param.values](who)
        return self._chance.choice(closed(param))

    def _name(self, param: Param) -> str:
        chance = self._chance
        name = chance.choice((param.name, param.name, *param.aliases))
        return chance.choice((name, name, name, name + " ", " " + name))

    def _lease_id(self, who: str) -> str:
        own = self._world.lease_ids.get(who)
        if own and self._chance.random() < 0.6:
            return str(self._chance.choice(own[-8:]))
        if self._chance.random() < 0.7:
            return str(self._chance.choice(self._world.old_ids))
        everybody = [one for ids in self._world.lease_ids.values() for one in ids]
        return str(self._chance.choice(everybody or [999_999_999]))

    def _mailbox_id(self, who: str) -> str:
        own = self._world.mailbox_ids.get(who)
        if own and self._chance.random() < 0.8:
            return str(self._chance.choice(own[-8:]))
        everybody = [one for ids in self._world.mailbox_ids.values() for one in ids]
        return str(self._chance.choice(everybody or [999_999_999]))

    def _rent_id(self, who: str) -> str:
        own = self._world.rent_ids.get(who)
        if own and self._chance.random() < 0.8:
            return str(self._chance.choice(own[-8:]))
        everybody = [one for ids in self._world.rent_ids.values() for one in ids]
        return str(self._chance.choice(everybody or [999_999_999]))

    def _carried(self, dialect: Dialect, action: str, who: str, fields: list[tuple[str, str]]) -> Request:
        """Put the fields into query and body."""
        chance = self._chance
        method = chance.choice(METHODS)
        in_body = [method not in ("GET", "HEAD") and chance.random() < chance.choice((0, 0.5, 1)) for _ in fields]
        query = _urlencoded([one for one, body in zip(fields, in_body, strict=True) if not body])
        rest = [one for one, body in zip(fields, in_body, strict=True) if body]
        body, content_type = b"", ""
        if rest and chance.random() < 0.3:
            body, content_type = _multipart(rest), "multipart/form-data; boundary=fuzz"
        elif rest:
            body, content_type = _urlencoded(rest), chance.choice(("application/x-www-form-urlencoded", ""))
        path = chance.choice(dialect.paths) + chance.choice(("", "", "/"))
        return Request(dialect, action, who, method, path, query, body, content_type, tuple(fields))


def closed(param: Param) -> list[str]:
    """All values of a parameter that lists them."""
    values = [value.strip() for value in param.values.split(",")]
    assert len(values) > 1, f"{param.name}: {param.values!r} is neither a kind nor a list of values"
    return values


def _urlencoded(fields: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields).encode()


def _quoted(text: str) -> str:
    return quote_plus(text, encoding="utf-8", errors="surrogatepass")


def _multipart(fields: list[tuple[str, str]]) -> bytes:
    parts = []
    for name, value in fields:
        quoted = name.replace('"', "%22").replace("\0", "")
        head = f'--fuzz\r\nContent-Disposition: form-data; name="{quoted}"\r\n\r\n'
        parts.append(head.encode() + value.encode("utf-8", "surrogatepass") + b"\r\n")
    return b"".join(parts) + b"--fuzz--\r\n"
