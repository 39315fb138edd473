"""The OpenAPI document of a JSON API, made from its operations and their structs; served at <prefix>/openapi.json."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, get_type_hints

import msgspec

from numbank.errors import Refusal
from numbank.rest.problem import Failure
from numbank.rest.refusals import TABLE, Told, told
from numbank.rest.registry import Api, Operation, kinds

REF = "#/components/schemas/{name}"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
KEYS: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}]
MORE = {404: "there is no such thing on this account", 409: "not possible now", 422: "a field is wrong"}
NO_CONTENT = 204
UNPROCESSABLE = 422
# Of an operation that asks for no key.
KEYED_ONLY = (401,)


def document(api: Api) -> dict[str, Any]:
    """The document."""
    schemas, components = msgspec.json.schema_components([*kinds(api.operations), api.shape.kind], ref_template=REF)
    del schemas
    paths: dict[str, dict[str, Any]] = {}
    for each in api.operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(api, each)
    schemes: dict[str, Any] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    if any(each.key_in_query for each in api.operations):
        schemes["query"] = {"type": "apiKey", "in": "query", "name": "api_key"}
    shown = {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": version("numbank"), "description": api.about},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes},
        "security": KEYS,
    }
    _name_types(shown)
    return shown


def _name_types(part: Any) -> None:
    """Words to choose from are strings: pages and generators of clients want to be told."""
    if isinstance(part, dict):
        if "type" not in part and part.get("enum") and all(isinstance(one, str) for one in part["enum"]):
            part["type"] = "string"
        for each in part.values():
            _name_types(each)
    elif isinstance(part, list):
        for each in part:
            _name_types(each)


def _operation(api: Api, each: Operation) -> dict[str, Any]:
    replies: dict[str, Any] = {str(status): _no(api, text, each, status) for status, text in _noes(api, each).items()}
    for status, kind in ((each.status, each.reply), *each.others):
        replies[str(status)] = {"description": each.sentence} | _content(each, status, kind)
    for name in each.leads_to:
        link = {"operationId": name, "parameters": {"id": "$response.body#/data/id"}}
        replies[str(each.status)].setdefault("links", {})[name] = link
    shown: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.sentence,
        "tags": [each.path.removeprefix(api.prefix).split("/")[1]],
        "parameters": _parameters(each),
        "responses": dict(sorted(replies.items())),
    }
    if each.description:
        shown["description"] = each.description
    if each.deprecated:
        shown["deprecated"] = True
    if each.public:
        shown["security"] = []
    if each.key_in_query:
        shown["security"] = [*KEYS, {"query": []}]
    if each.body is not None:
        forms = (JSON, FORM) if api.shape.kind is Failure else (JSON,)
        shown["requestBody"] = {"required": True, "content": {media: {"schema": _schema(each.body)} for media in forms}}
    return shown


def _noes(api: Api, each: Operation) -> dict[int, str]:
    """Every "no" of an operation by its status, with what it says."""
    texts: dict[int, list[str]] = {}
    for status, text in api.common.items():
        if not (each.public and status in KEYED_ONLY):
            texts[status] = [text]
    checked = (422,) if each.body or each.query else ()
    for status in (*each.problems, *checked):
        texts.setdefault(status, [MORE[status]])
    for refusal in each.refusals:
        word = _word(refusal)
        known = texts.setdefault(told(refusal).status, [])
        if word not in known:
            known.append(word)
    return {status: ", ".join(lines) for status, lines in sorted(texts.items())}


def _word(refusal: type[Refusal]) -> str:
    return told(refusal).word


def _content(each: Operation, status: int, kind: Any) -> dict[str, Any]:
    if status == NO_CONTENT or (kind is None and each.media == JSON):
        return {}
    return {"content": {each.media: {"schema": _schema(kind)} if kind is not None else {}}}


def _no(api: Api, text: str, each: Operation, status: int) -> dict[str, Any]:
    shape = api.shape
    content: dict[str, Any] = {"schema": _schema(shape.kind)}
    if shape.kind is Failure:
        content["example"] = _example(each, status, text)
    return {"description": text, "content": {shape.media: content}}


def _example(each: Operation, status: int, text: str) -> dict[str, Any]:
    """One "no" of this status as it looks."""
    entry = next((told(one) for one in each.refusals if told(one).status == status), None)
    word = text.partition(",")[0].partition(":")[0]
    entry = entry or next((one for one in TABLE.values() if one.word == word), Told(status, word, "one line"))
    shown: dict[str, Any] = {"title": entry.word, "details": entry.line}
    return shown | {"errors": {}} if status == UNPROCESSABLE else shown


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if each.path_name:
        schema = {"type": "integer", "minimum": 1}
        found.append({"name": each.path_name, "in": "path", "required": True, "schema": schema})
    if each.query is not None:
        hints = get_type_hints(each.query, include_extras=True)
        found.extend(_parameter(field, hints[field.name]) for field in msgspec.structs.fields(each.query))
    return found


def _parameter(field: Any, hint: Any) -> dict[str, Any]:
    schema = _without_null(msgspec.json.schema(hint))
    shown = {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
    if "description" in schema:
        shown["description"] = schema.pop("description")
    if not field.required and field.default not in (None, "", msgspec.NODEFAULT):
        schema["default"] = field.default
    return shown


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not sent is not null."""
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return dict(choices[0]) if len(choices) == 1 else schema


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema
