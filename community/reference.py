"""The OpenAPI document turned into rows for the page that people read. It decides nothing about the API."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator

Json = Mapping[str, Any]

# What stands in an example; whatever is not named here is shown by its type.
EXAMPLES = {
    "title": "How do you price a pilot?",
    "body": "We charge for *setup* only. What worked for you?",
    "reason": "Answered in the linked topic.",
    "tags": ["pricing"],
    "version": 1,
}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A parameter or a field: `link` leads to the object it holds, '' where it holds none."""

    name: str
    place: str
    type_label: str
    link: str
    is_required: bool
    note: str


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One thing a program can ask for."""

    anchor: str
    method: str
    path: str
    sentence: str
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    answer_status: str
    answer_label: str
    answer_link: str
    refusals: tuple[tuple[str, str], ...]
    example: str


@dataclass(frozen=True, slots=True)
class OperationGroup:
    name: str
    operations: tuple[OperationRow, ...]


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One kind of object that answers hold."""

    anchor: str
    name: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    groups: tuple[OperationGroup, ...]
    objects: tuple[ObjectRow, ...]


def api_reference(site: str) -> Reference:
    """The whole document, with examples for this address; worked out once for each language and process."""
    return _reference(site, get_language() or "en")


@cache
def _reference(site: str, language: str) -> Reference:
    document: Json = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schemas: Json = document["components"]["schemas"]
    groups: dict[str, list[OperationRow]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            row = _operation(site, path, method.upper(), operation, schemas)
            groups.setdefault(operation["tags"][0], []).append(row)
    objects = [
        ObjectRow(f"object-{name}", name, tuple(_fields(schema, schemas)))
        for name, schema in schemas.items()
        if schema.get("type") == "object"
        and not name.endswith("Request")
        and not name.startswith("Paginated")
    ]
    names = {"spaces": _("Spaces"), "topics": _("Topics"), "posts": _("Posts"), "members": _("People")}
    ordered = tuple(OperationGroup(label, tuple(groups.pop(name))) for name, label in names.items())
    ordered += tuple(OperationGroup(name, tuple(rows)) for name, rows in groups.items())
    return Reference(ordered, tuple(sorted(objects, key=lambda row: row.name)))


def _operation(site: str, path: str, method: str, operation: Json, schemas: Json) -> OperationRow:
    content = operation.get("requestBody", {}).get("content", {})
    body = _resolve(content["application/json"]["schema"], schemas) if content else {}
    status = next(code for code in operation["responses"] if code.startswith("2"))
    answer = operation["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})
    label, link = _type(answer, schemas) if answer else (_("nothing"), "")
    return OperationRow(
        anchor=operation["operationId"],
        method=method,
        path=path,
        sentence=operation.get("description", ""),
        parameters=tuple(_parameter(parameter, schemas) for parameter in operation.get("parameters", ())),
        body=tuple(_fields(body, schemas)),
        answer_status=status,
        answer_label=label,
        answer_link=link,
        refusals=tuple(
            (code, answer["description"]) for code, answer in operation["responses"].items() if code >= "400"
        ),
        example=_example(site, path, method, body, schemas),
    )


def _parameter(parameter: Json, schemas: Json) -> FieldRow:
    label, link = _type(parameter["schema"], schemas)
    places = {"path": _("address"), "query": _("query"), "header": _("header")}
    return FieldRow(
        parameter["name"],
        places[parameter["in"]],
        label,
        link,
        parameter.get("required", False),
        _note(parameter),
    )


def _fields(schema: Json, schemas: Json) -> Iterable[FieldRow]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        label, link = _type(field, schemas)
        yield FieldRow(name, "", label, link, name in required, _note(field))


def _note(described: Json) -> str:
    # The generator writes the list of choices under a description; the type says them already.
    return str(described.get("description", "")).partition("* `")[0].strip()


def _resolve(schema: Json, schemas: Json) -> Json:
    if "$ref" in schema:
        found: Json = schemas[schema["$ref"].rpartition("/")[2]]
        return found
    if len(schema.get("allOf", ())) == 1:
        return _resolve(schema["allOf"][0], schemas)
    return schema


def _type(schema: Json, schemas: Json) -> tuple[str, str]:
    """What a value is, in words, and the anchor of the object it is."""
    if schema.get("nullable") or any(part.get("nullable") for part in schema.get("oneOf", ())):
        label, link = _type({key: value for key, value in schema.items() if key != "nullable"}, schemas)
        return _("{type} or null").format(type=label), link
    if "oneOf" in schema:
        options = [option for option in schema["oneOf"] if not option.get("$ref", "").endswith("/NullEnum")]
        label, link = _type(options[0], schemas)
        is_nullable = len(options) < len(schema["oneOf"])
        return (_("{type} or null").format(type=label) if is_nullable else label), link
    reference = schema.get("$ref") or next((part.get("$ref", "") for part in schema.get("allOf", ())), "")
    name = str(reference).rpartition("/")[2]
    resolved = _resolve(schema, schemas)
    if "enum" in resolved:
        return _("one of {choices}").format(choices=", ".join(str(value) for value in resolved["enum"])), ""
    if name.startswith("Paginated"):
        item, link = _type(resolved["properties"]["results"]["items"], schemas)
        return _("a page of {items}").format(items=item), link
    if name:
        return name, f"object-{name}"
    if resolved.get("type") == "array":
        item, link = _type(resolved["items"], schemas)
        most = resolved.get("maxItems")
        words = _("list of at most {most}: {items}") if most else _("list: {items}")
        return words.format(most=most, items=item), link
    return _plain_type(resolved), ""


def _plain_type(schema: Json) -> str:
    kind = schema.get("type")
    if kind == "integer":
        low, high = schema.get("minimum"), schema.get("maximum")
        if high is not None and high < 2**31 - 1:
            return _("whole number, {low} to {high}").format(low=low, high=high)
        return _("whole number")
    if kind == "string":
        formats = {"date-time": _("moment, ISO 8601 in UTC"), "uri": _("address")}
        if (most := schema.get("maxLength")) is not None:
            words = ngettext("text, at most {most} character", "text, at most {most} characters", most)
            return words.format(most=f"{most:,}")
        return formats.get(schema.get("format", ""), _("text"))
    return {"boolean": _("true or false"), "object": _("object")}.get(str(kind), str(kind))


def _example(site: str, path: str, method: str, body: Json, schemas: Json) -> str:
    """A command that can be pasted once TOKEN is set."""
    address = path
    while "{" in address:
        before, _brace, rest = address.partition("{")
        address = f"{before}1{rest.partition('}')[2]}"
    parts = ["curl"] if method == "GET" else [f"curl -X {method}"]
    parts.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        wanted = body.get("required") or list(body.get("properties", {}))[:1]
        values = {name: _example_value(name, body["properties"][name], schemas) for name in wanted}
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d '{json.dumps(values, ensure_ascii=False)}'")
    return " \\\n  ".join([*parts, f"{site}{address}"])


def _example_value(name: str, schema: Json, schemas: Json) -> object:
    if name in EXAMPLES:
        return EXAMPLES[name]
    resolved = _resolve(schema["oneOf"][0] if "oneOf" in schema else schema, schemas)
    if "enum" in resolved:
        return resolved["enum"][0]
    return {"integer": 1, "boolean": True, "array": []}.get(str(resolved.get("type")), "…")
