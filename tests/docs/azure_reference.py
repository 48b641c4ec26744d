"""``python -m tests.docs.azure_reference PATH``: writes the page of what is collected from Azure, of the collector's tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from perpend.collectors.azure.calls import ALL_CALLS, MANAGEMENT
from perpend.collectors.azure.types import ALL_TYPES
from perpend.collectors.rest.rows import FieldSource, RestCall, TypeRow

HEAD = """# Data collected from Azure

<!-- Written by `make reference`; edit `src/perpend/collectors/azure/` instead. -->

This page lists the calls of `perpend collect azure`, and the member of an answer that each field comes from. A collection makes only the
calls that a selected policy needs. All are GET requests to Resource Manager, and every permission reads.

## Calls

| call | address | version | permission | asked for |
| --- | --- | --- | --- | --- |"""

TYPES = """
A list of a provider that is not registered in the subscription is empty if `arm.providers` says so. Any other error of a list makes it
incomplete. No type is made of `arm.resources` or `arm.groups`: both leave out objects that the caller may not read, without an error.

## Types

A member that is missing makes its field unknown, unless the form says otherwise."""

END = """
No answer has the time of disappearance (`CA10__disappearanceTime__c`). A collection sets it."""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, *(_call(call) for call in ALL_CALLS), TYPES]
    for row in ALL_TYPES:
        lines += ["", f"### {row.type_name}", "", *_type(row)]
    return "\n".join([*lines, END]) + "\n"


def _call(call: RestCall) -> str:
    address = call.url.removeprefix(MANAGEMENT)
    each = "each object" if call.of_an_item else "the subscription"
    return f"| `{call.name}` | `{address}` | {call.parameters['api-version']} | `{call.permission}` | {each} |"


def _type(row: TypeRow) -> Iterator[str]:
    yield f"Listed by `{row.listed}`{_inside(row)}; its Id is `{row.id}` in lower case."
    yield from ("", "| field | call | member | form |", "| --- | --- | --- | --- |")
    for name, source in row.fields.items():
        member = f"`{source.template or source.path}`"
        yield f"| `{name}` | `{source.call or row.listed}` | {member} | {_form(source)} |"


def _inside(row: TypeRow) -> str:
    if callable(row.inside):
        return f", each of its {row.inside.__name__.replace('_', ' ')}"
    return f", each `{row.inside}`" if row.inside else ""


def _form(source: FieldSource) -> str:
    name = source.transform.__qualname__.partition(".")[0].replace("_", " ") if source.transform else ""
    missing = f"{str(source.otherwise).lower() if isinstance(source.otherwise, bool) else source.otherwise} if it is missing"
    if source.otherwise is None:
        missing = "null if it is missing" if source.optional else ""
    return ", ".join(part for part in (name, missing) if part)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
