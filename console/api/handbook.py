"""The description of the API as a page reads it: chapters of operations, and the forms of what they answer."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.api.reference import example_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One parameter, or one field of a form."""

    name: str
    #: path, query, header or body; empty for a field of a form.
    where: str = ""
    required: bool
    #: As the page has it: string, LeadLine[] …
    kind: str
    #: Name of the form that the kind refers to; empty for none.
    form: str
    description: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One thing that may be asked."""

    #: Unique within the page.
    name: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    roles: tuple[str, ...]
    parameters: tuple[Field, ...]
    #: Media type of what is sent, and an example of it as text; empty for none.
    sent: str
    sent_example: str
    #: Name of the form that is answered, with an example; empty for a file.
    answer: str
    answer_example: str
    #: Status and what it means.
    answers: tuple[tuple[str, str], ...]


def chapters(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Tag → its operations, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            found.setdefault(told["tags"][0], []).append(_operation(document, path, method, told))
    return found


def forms(document: Mapping[str, Any]) -> dict[str, list[Field]]:
    """Name of each form → its fields; plain lists of words are none."""
    schemas = document["components"]["schemas"]
    return {
        name: list(_fields(schema, schemas))
        for name, schema in schemas.items()
        if "properties" in schema and not name.startswith("Body_")
    }


def _operation(document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]) -> Operation:
    schemas = document["components"]["schemas"]
    nothing: tuple[str, dict[str, Any]] = ("", {})
    sent, body = next(iter(told.get("requestBody", {}).get("content", {}).items()), nothing)
    done = next(one for status, one in told["responses"].items() if status.startswith("2"))
    answer = done["content"].get("application/json", {})
    parameters = [_parameter(one, schemas) for one in told.get("parameters", ())]
    if sent:
        parameters += _fields(schemas[_form(body["schema"])], schemas, where="body")
    return Operation(
        name=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        description=told["description"],
        scope=told["x-scope"],
        roles=tuple(told["x-roles"]),
        parameters=tuple(parameters),
        sent=sent,
        sent_example=_text(example_of(body["schema"], schemas)) if sent == "application/json" else "",
        answer=_form(answer.get("schema", {})),
        answer_example=_text(answer["example"]) if "example" in answer else "",
        answers=tuple((status, one["description"]) for status, one in told["responses"].items()),
    )


def _parameter(told: Mapping[str, Any], schemas: Mapping[str, Any]) -> Field:
    schema = told["schema"]
    return Field(
        name=told["name"],
        where=told["in"],
        required=told.get("required", False),
        kind=_kind(schema, schemas),
        form="",
        description=told["description"],
        example=_limits(schema),
    )


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any], where: str = "") -> Iterator[Field]:
    for name, one in schema["properties"].items():
        example = example_of(one, schemas)
        form = _form(one)
        yield Field(
            name=name,
            where=where,
            required=name in schema.get("required", ()),
            kind=_kind(one, schemas),
            form=form if "properties" in schemas.get(form, {}) else "",
            description=one.get("description", ""),
            example="" if form or example in ("", None, [], {}) else json.dumps(example, ensure_ascii=False),
        )


def _form(schema: Mapping[str, Any]) -> str:
    """Name of the form behind a schema, or behind its items or its alternative to null."""
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return ""


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one, schemas) for one in schema["anyOf"]))
    if "$ref" in schema:
        name = _form(schema)
        return _kind(schemas[name], schemas) if "enum" in schemas[name] else name
    if "enum" in schema:
        return " | ".join(json.dumps(one, ensure_ascii=False) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"{_kind(schema['items'], schemas)}[]"
    return str(schema.get("format") or schema.get("type") or "any")


def _limits(schema: Mapping[str, Any]) -> str:
    """1–200, or what is taken when nothing is given."""
    if "default" in schema and schema["default"] not in ("", None):
        return f"= {json.dumps(schema['default'], ensure_ascii=False)}"
    return ""


def _text(example: Any) -> str:
    return json.dumps(example, ensure_ascii=False, indent=2)
