"""Fields of a query string, a form or a JSON object as a struct; what is wrong is told for every field at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from numbank.rest.problem import Refused

S = TypeVar("S", bound=msgspec.Struct)

Pairs = Sequence[tuple[str, str]]

# A field may come under further names: `Meta(extra={"aliases": (..)})`.
ALIASES = "aliases"
MOST_FIELDS = 100


def pairs(text: str) -> Pairs:
    """The fields of a query string or an urlencoded form."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(422, f"more than {MOST_FIELDS} fields") from None


def aliases(hint: Any) -> tuple[str, ...]:
    """The further names of a field."""
    metas = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Meta)]
    return tuple(name for meta in metas for name in (meta.extra or {}).get(ALIASES, ()))


def read(kind: type[S], texts: Pairs, values: Mapping[str, Any] | None = None) -> S:
    """A struct of what was sent. `values` (of a JSON object, with their types) beat `texts`; a name beats its aliases, and
    of several the last counts. A list takes all of them, also with commas between.
    """
    values = values or {}
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for field in msgspec.structs.fields(kind):
        hint = _plain(hints[field.name])
        name = field.encode_name
        if name in values:
            value, strict = _whole(values[name]), True
        else:
            value, strict = _sent(texts, name, hint), False
        if value is None and not strict:
            if field.required:
                errors[name] = ["is required"]
            continue
        try:
            found[field.name] = msgspec.convert(value, hint, strict=strict)
        except msgspec.ValidationError as error:
            errors[name] = [str(error).partition(" - at ")[0]]
    if errors:
        raise wrong(errors)
    return kind(**found)


def wrong(errors: Mapping[str, Sequence[str]]) -> Refused:
    """A "no" that names the fields."""
    line = "; ".join(f"{name}: {lines[0]}" for name, lines in errors.items())
    return Refused(422, line, errors=errors)


def _sent(texts: Pairs, name: str, hint: Any) -> Any:
    for each in (name, *aliases(hint)):
        sent = [text for known, text in texts if known == each]
        if sent and _is_list(hint):
            return [part.strip() for text in sent for part in text.split(",")]
        if sent:
            return sent[-1]
    return None


def _plain(hint: Any) -> Any:
    """What is not sent is not there; nothing that is sent is null."""
    kinds = [each for each in get_args(hint) if each is not NoneType]
    return kinds[0] if NoneType in get_args(hint) and len(kinds) == 1 else hint


def _whole(value: Any) -> Any:
    """In JSON 7.0 is a whole number too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_list(hint: Any) -> bool:
    info = msgspec.inspect.type_info(hint)
    return isinstance(info.type if isinstance(info, msgspec.inspect.Metadata) else info, msgspec.inspect.ListType)
