"""Every operation as its OpenAPI document describes it, asked by chance: never a 5xx, only what the document promises.

Some seconds in `make test`; more with NUMBANK_TEST_EXAMPLES=500.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from numbank.catalogue import rates
from numbank.rest.app import APIS
from numbank.rest.openapi import document
from tests.mailbox.world import domain
from tests.server.live import Live
from tests.support import Shop

EXAMPLES = int(os.environ.get("NUMBANK_TEST_EXAMPLES", "20"))
# The same requests in every run, unless somebody asks for many.
COMMON: dict[str, Any] = {"deadline": None, "derandomize": EXAMPLES < 100, "suppress_health_check": list(HealthCheck)}
BOUNDED = settings(max_examples=EXAMPLES, **COMMON)
SITE, POPULAR = "telegram.com", "popular.example"

V1, V2 = APIS
second = schemathesis.openapi.from_dict(document(V2))
first = schemathesis.openapi.from_dict(document(V1))
for schema in (first, second):
    # What is far too long is refused too, before anybody looks at it.
    schema.config.checks.negative_data_rejection.expected_statuses.append("413")


class Served:
    """A real server with domains, a rate, and a customer."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key


async def fill(dsn: str) -> str:
    """What there is to find; the key of a customer."""
    connection = await asyncpg.connect(dsn)
    try:
        await domain(connection, "mail.example", zone="example")
        await domain(connection, POPULAR, popular=True, capacity=1_000_000)
        async with connection.transaction():
            await rates.put(connection, 840, {643: rates.parse_rate("80")})
        return (await Shop(connection).customer(balance=10**12))[1]
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def served(dsn: str) -> Iterator[Served]:
    key = asyncio.run(fill(dsn))
    live = Live(["--database-url", dsn], NUMBANK_MAILBOX_EARLY_CANCEL_S="0")
    live.start()
    try:
        yield Served(f"http://127.0.0.1:{live.port}", key)
    finally:
        assert live.stop() == 0


def valid_is_understood(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """What the document allows is understood; what the bank says no to then has a word of its own."""
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE and response.status_code == 422:
        assert response.json()["title"] != "UNPROCESSABLE_ENTITY"


def call(case: Case[Any], served: Served, **headers: str) -> Response:
    """One call, with every check of schemathesis but the one that takes a "no" of the bank for a mistake."""
    return case.call_and_validate(
        base_url=served.url,
        headers=headers,
        excluded_checks=[positive_data_acceptance],
        additional_checks=[valid_is_understood],
    )


@second.parametrize()
@BOUNDED
def test_version_2_does_what_its_document_says(case: Case[Any], served: Served) -> None:
    call(case, served, **{"X-API-Key": served.key})


@second.parametrize()
@settings(max_examples=3, **COMMON)
def test_version_2_without_a_key_gives_lists_and_nothing_else(case: Case[Any], served: Served) -> None:
    case.headers.pop("X-API-Key", None)
    case.headers.pop("Authorization", None)
    answer = case.call(base_url=served.url)
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
    public = case.operation.definition.raw.get("security") == []
    assert public or answer.status_code in {401, 404, 405}
    assert answer.status_code != 401 or not public


@first.parametrize()
@BOUNDED
def test_version_1_does_what_its_document_says(case: Case[Any], served: Served) -> None:
    answer = case.call(base_url=served.url, headers={"X-API-Key": served.key})
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])


def test_the_links_of_a_purchase_lead_to_operations_on_it(served: Served) -> None:
    """By hand and not by schemathesis' state machine, which expects that the same steps always give the same ids."""

    def asked(path: str, method: str, **parts: Any) -> Response:
        case = second[path][method].Case(**parts)
        answer = case.call(base_url=served.url, headers={"X-API-Key": served.key})
        case.validate_response(answer, excluded_checks=[positive_data_acceptance, negative_data_rejection])
        return answer

    def follow(made: Response, path: str, method: str, order: tuple[str, ...]) -> Iterator[Response]:
        status = str(made.status_code)
        links = second[path][method].definition.raw["responses"][status]["links"]
        assert set(links) == set(order)
        at = {
            one["operationId"]: (where, verb) for where, verbs in shown["paths"].items() for verb, one in verbs.items()
        }
        for name in order:
            where, verb = at[links[name]["operationId"]]
            yield asked(where, verb.upper(), path_parameters={"id": made.json()["data"]["id"]})

    shown = document(V2)
    body = {"site": SITE, "mailDomain": POPULAR}
    bought = asked("/api/v2/emails", "POST", body=body, media_type="application/json")
    assert bought.status_code == 201
    order = ("getEmail", "cancelEmail", "reorderEmail")
    seen, cancelled, again = follow(bought, "/api/v2/emails", "POST", order)
    assert (seen.json(), cancelled.status_code, again.status_code) == (bought.json(), 204, 200)
    seen, cancelled, third = follow(again, "/api/v2/emails/{id}/reorder", "POST", order)
    assert seen.json() == again.json()
    assert len({one.json()["data"]["id"] for one in (bought, again, third)}) == 3


@pytest.mark.parametrize("prefix", ["/v1", "/api/v2"])
def test_the_document_is_served_as_it_is_tested(served: Served, prefix: str) -> None:
    shown = requests.get(f"{served.url}{prefix}/openapi.json", timeout=10).json()
    assert shown == document({"/v1": V1, "/api/v2": V2}[prefix])
