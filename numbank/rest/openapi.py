"""The OpenAPI document of the JSON API, made from the registry and the structs; served at /v1/openapi.json."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, get_type_hints

import msgspec

from numbank.rest.problem import KIND, Problem
from numbank.rest.registry import Operation, struct_names

REF = "#/components/schemas/{name}"
KEYS: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}]
# What every operation may answer.
COMMON = {400: "the request cannot be read", 401: "no key, or a wrong one", 403: "not served in this region",
          413: "the body is too large", 429: "too many requests", 503: "try again"}  # fmt: skip
MORE = {404: "there is no such thing on this account", 409: "not possible now", 422: "a field is wrong"}


def document(operations: list[Operation]) -> dict[str, Any]:
    """The document."""
    structs = [*struct_names(operations), Problem]
    _, components = msgspec.json.schema_components(structs, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "numbank", "version": version("numbank")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "api_key"},
            },
        },
        "security": KEYS,
    }


def _operation(each: Operation) -> dict[str, Any]:
    problems = sorted({*COMMON, *each.problems, *((422,) if each.body or each.query else ())})
    replies: dict[str, Any] = {str(status): _problem((COMMON | MORE)[status]) for status in problems}
    replies[str(each.status)] = {"description": each.sentence} | (
        {"content": {each.media: {"schema": _ref(each.reply)} if each.reply else {}}}
        if each.reply or each.media != "application/json"
        else {}
    )
    shown: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.sentence,
        "parameters": _parameters(each),
        "responses": dict(sorted(replies.items())),
    }
    if each.key_in_query:
        shown["security"] = [*KEYS, {"query": []}]
    if each.body is not None:
        shown["requestBody"] = {"content": {"application/json": {"schema": _ref(each.body)}}}
    return shown


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in each.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}})
    if each.query is not None:
        hints = get_type_hints(each.query, include_extras=True)
        found.extend(
            {"name": field.encode_name, "in": "query", "required": field.required,
             "schema": msgspec.json.schema(hints[field.name])}
            for field in msgspec.structs.fields(each.query)
        )  # fmt: skip
    return found


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REF.format(name=kind.__name__)}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {KIND: {"schema": _ref(Problem)}}}
