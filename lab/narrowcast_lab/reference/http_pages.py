"""The reference of the decoder's HTTP interface, out of its own OpenAPI document."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.service import Service
from narrowcast_models.evaluation.markdown import table

Node = Mapping[str, Any]
"""A part of the document."""


def http_api() -> str:
    """Markdown: paths by subject, then what their answers are made of."""
    return "\n".join(_pages(document()))


def document() -> Node:
    """The OpenAPI document of a decoder that stores nothing and reads nothing."""
    store: Any = None  # a description asks none
    found: Node = create_app(Service(store, Hub(), set[str], model="oa")).openapi()
    return found


def _pages(api: Node) -> Iterator[str]:
    common = _common_answers(api)
    for tag in api["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for path, methods in api["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(method, path, operation, common)
    yield "## Answers that any path may give\n"
    yield table(("status", ""), sorted(common)) + "\n"
    yield "## Schemas\n"
    for name, schema in api["components"]["schemas"].items():
        yield from _schema(name, schema)


def _common_answers(api: Node) -> set[tuple[str, str]]:
    """Status and words of the answers that more than half of the operations share."""
    operations = [operation for path in api["paths"].values() for operation in path.values()]
    count = Counter(pair for operation in operations for pair in _answers(operation))
    return {pair for pair, times in count.items() if 2 * times > len(operations)}


def _answers(operation: Node) -> Iterator[tuple[str, str]]:
    for status, answer in operation["responses"].items():
        yield status, answer["description"]


def _operation(
    method: str, path: str, operation: Node, common: set[tuple[str, str]]
) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n\n**{operation['summary']}.**\n"
    yield operation.get("description", "") + "\n"
    if parameters := operation.get("parameters"):
        rows = [_parameter(parameter) for parameter in parameters]
        yield table(("parameter", "in", "type", ""), rows) + "\n"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body: `{kind}`, {_type(content.get('schema', {}))}.\n"
    rows = [
        (status, _line(answer["description"]), _contents(answer))
        for status, answer in sorted(operation["responses"].items())
        if (status, answer["description"]) not in common
    ]
    yield table(("status", "", "body"), rows) + "\n"
    for kind, example in _examples(operation):
        yield f"Example, `{kind}`:\n\n```text\n{example}\n```\n"


def _parameter(parameter: Node) -> tuple[str, ...]:
    need = "" if parameter.get("required") else " (optional)"
    about = _line(parameter.get("description", ""))
    return f"`{parameter['name']}`", parameter["in"] + need, _type(parameter["schema"]), about


def _contents(answer: Node) -> str:
    return ", ".join(
        f"`{kind}`: {_type(content.get('schema', {}))}"
        for kind, content in answer.get("content", {}).items()
    )


def _examples(operation: Node) -> Iterator[tuple[str, str]]:
    for status, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            if status.startswith("2") and "example" in content:
                example = content["example"]
                text = example if isinstance(example, str) else json.dumps(example, indent=1)
                yield kind, text.strip()


def _schema(name: str, schema: Node) -> Iterator[str]:
    yield f"### {name}\n\n{schema.get('description', '')}\n"
    if values := schema.get("enum"):
        yield f"One of {', '.join(f'`{value}`' for value in values)}.\n"
    if properties := schema.get("properties"):
        rows = [
            (f"`{key}`", _type(value), _line(value.get("description", "")))
            for key, value in properties.items()
        ]
        yield table(("field", "type", ""), rows) + "\n"


def _type(schema: Node) -> str:
    """In words: `integer or null`, a link to a schema, `array of Sample`."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf"):
        return " or ".join(map(_type, choices))
    if schema.get("type") == "array":
        return f"array of {_type(schema['items'])}"
    return str(schema.get("type", "any"))


def _line(text: str) -> str:
    """For a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")
