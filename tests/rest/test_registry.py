"""The registries of the JSON APIs, their documents, and the table of refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from numbank import errors
from numbank.rest.app import APIS
from numbank.rest.openapi import document
from numbank.rest.problem import Refused
from numbank.rest.refusals import TABLE, refused, told
from numbank.rest.registry import Api

V1, V2 = APIS
pytestmark = pytest.mark.unit

PATHS = {
    ("GET", "/emails"), ("POST", "/emails"), ("POST", "/emails/batch"), ("GET", "/emails/{id}"), ("DELETE", "/emails/{id}"),
    ("POST", "/emails/{id}/reorder"), ("GET", "/emails/domains"), ("GET", "/domains"), ("GET", "/countries"),
    ("GET", "/services"), ("GET", "/operators"), ("GET", "/operators/available"), ("GET", "/partners/products"),
    ("GET", "/currencies"), ("GET", "/currencies/{currency}/rates"),
}  # fmt: skip
# What no document names: the history of what was bought in the software shop.
OURS = {("GET", "/partners/purchases")}
OPEN = {"/countries", "/services", "/operators", "/partners/products", "/currencies", "/currencies/{currency}/rates"}


def test_version_2_has_what_its_documents_name() -> None:
    assert {(each.method, each.path.removeprefix("/api/v2")) for each in V2.operations} == PATHS | OURS
    assert {each.path.removeprefix("/api/v2") for each in V2.operations if each.public} == OPEN


def test_names_are_unique_in_all_apis() -> None:
    names = [each.name for api in APIS for each in api.operations]
    assert len(set(names)) == len(names), "the metrics tell operations apart by name alone"


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.prefix)
def test_a_document_is_whole(api: Api) -> None:
    shown = document(api)
    assert shown["openapi"] == "3.1.0"
    assert {(method.upper(), path) for path, methods in shown["paths"].items() for method in methods} == {
        (each.method, each.path) for each in api.operations
    }
    assert all(ref.rpartition("/")[2] in shown["components"]["schemas"] for ref in _refs(shown))
    assert json.loads(json.dumps(shown)) == shown
    names = {each.name for each in api.operations}
    for each in api.operations:
        told_operation = shown["paths"][each.path][each.method.lower()]
        assert each.sentence
        assert str(each.status) in told_operation["responses"]
        assert set(each.leads_to) <= names
        assert ("401" in told_operation["responses"]) is not each.public
        assert (told_operation.get("security") == []) is each.public
        for refusal in each.refusals:
            entry = told(refusal)
            assert entry.word in told_operation["responses"][str(entry.status)]["description"]


def _refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else [ref for one in value.values() for ref in _refs(one)]
    return [ref for one in value for ref in _refs(one)] if isinstance(value, list) else []


def test_parameters_have_the_names_of_the_documents() -> None:
    parameters = document(V2)["paths"]["/api/v2/emails"]["get"]["parameters"]
    assert {one["name"] for one in parameters} == {
        "search", "size", "page", "sort[id]", "status[id][]", "from", "to", "currency",
    }  # fmt: skip
    schemas = {one["name"]: one["schema"] for one in parameters}
    assert schemas["status[id][]"]["items"]["enum"] == ["3", "4", "5", "6"]
    assert schemas["sort[id]"] == {"type": "string", "enum": ["asc", "desc"], "default": "desc"}


def test_every_refusal_is_told_and_every_entry_is_a_refusal() -> None:
    def all_of(kind: type[errors.Refusal]) -> list[type[errors.Refusal]]:
        return [kind, *(below for each in kind.__subclasses__() for below in all_of(each))]

    assert set(TABLE) <= set(all_of(errors.Refusal))
    statuses = {told(kind).status for kind in all_of(errors.Refusal)}
    assert statuses == {401, 403, 404, 413, 422, 429, 503}
    assert all(entry.word == entry.word.upper() and entry.line and "\n" not in entry.line for entry in TABLE.values())


def test_the_shapes_of_a_no() -> None:
    no = refused(errors.EarlyCancel())
    assert json.loads(V2.shape.body(no)) == {
        "title": "EARLY_CANCEL_DENIED", "details": "it is too early for a cancel", "errors": {},
    }  # fmt: skip
    assert json.loads(V1.shape.body(no)) == {
        "status": 422, "title": "Unprocessable Entity", "detail": "it is too early for a cancel",
    }  # fmt: skip
    assert json.loads(V2.shape.body(Refused(404, "nothing"))) == {"title": "NOT_FOUND", "details": "nothing"}
    wrong = Refused(422, "a: b", errors={"a": ["b"]})
    assert json.loads(V2.shape.body(wrong))["errors"] == {"a": ["b"]}
