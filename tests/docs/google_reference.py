"""``python -m tests.docs.google_reference PATH``: writes the page on the collection from Google Cloud, of the collector's tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from perpend.collectors.google.calls import ALL_CALLS
from perpend.collectors.google.types import ALL_TYPES
from perpend.collectors.rest.rows import FieldSource, RestCall, TypeRow

HEAD = """# Data collected from Google Cloud

<!-- Written by `make reference`; edit `src/perpend/collectors/google/` instead. -->

This page lists the calls of `perpend collect google`, and the member of an answer that each field comes from. A collection makes only the
calls that a selected policy needs. All are GET requests, and every permission reads.

A call whose name begins with `cai.` is a list of Cloud Asset Inventory: one for everything below the organization, folder or project, as
it was at one moment. A permission for a list counts at that parent. Names of the other calls are those of what the inventory lacks.

## Calls

| call | content and assets | permission | asked for |
| --- | --- | --- | --- |"""

OTHERS = """
Some fields come from the answers of other lists of the same collection, without a request of their own:

| source | what it is | list |
| --- | --- | --- |
| `policy` | members and audit logging in force: by the policies of the object and of everything above it | `cai.iam` |
| `metadata` | the settings of Compute Engine for the object's project | `cai.compute.googleapis.com/Project` |
| `sinks` | the sinks of folders and the organization that export entries of projects, too | `cai.logging.googleapis.com/LogSink` |
| `organizationPolicies` | the constraints that are set on the organization | `cai.orgPolicy` |
| `perimeters` | the perimeters that a project is inside of | `cai.identity.accesscontextmanager.googleapis.com/ServicePerimeter` |

## Types

A member that is missing makes its field unknown, unless the form says otherwise. What the form says holds only if the object around the
member is there. An asset whose content is missing or was cut has no known fields."""

END = """
No answer has the time of disappearance (`CA10__disappearanceTime__c`). A collection sets it."""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, *(_call(call) for call in ALL_CALLS), OTHERS]
    for row in ALL_TYPES:
        lines += ["", f"### {row.type_name}", "", *_type(row)]
    return "\n".join([*lines, END]) + "\n"


def _call(call: RestCall) -> str:
    each = "each object" if call.of_an_item else "the parent"
    permission = f"`{call.permission}`" if call.permission else "a role of the directory"
    return f"| `{call.name}` | {_what(call)} | {permission} | {each if call.name != 'directory.users' else 'the directory'} |"


def _what(call: RestCall) -> str:
    if "contentType" not in call.parameters:
        return f"`{call.url.removeprefix('https://')}`"
    also = f", and `{call.url.partition('=')[2]}`" if "=" in call.url else ""
    return f"{call.parameters['contentType']}{also}"


def _type(row: TypeRow) -> Iterator[str]:
    yield f"Listed by `{row.listed}`{_inside(row)}; its Id is `{row.id}`."
    yield from ("", "| field | call | member | form |", "| --- | --- | --- | --- |")
    for name, source in row.fields.items():
        yield f"| `{name}` | `{source.call or row.listed}` | {_member(source)} | {_form(source)} |"


def _member(source: FieldSource) -> str:
    if not (source.template or source.path):
        return "the answer"
    return f"`{source.template or source.path}`" + (f" or `{source.also}`" if source.also else "")


def _inside(row: TypeRow) -> str:
    if callable(row.inside):
        return f", each of its {row.inside.__name__.replace('_', ' ')}"
    return f", each `{row.inside}`" if row.inside else ""


def _form(source: FieldSource) -> str:
    name = source.transform.__qualname__.partition(".")[0].replace("_", " ") if source.transform else ""
    missing = f"{str(source.otherwise).lower() if isinstance(source.otherwise, bool) else source.otherwise} if it is missing"
    if source.otherwise is None:
        missing = "null if it is missing" if source.optional else ""
    if source.within not in ("", "^") and missing:
        missing += " and " + " or ".join(f"`{path}`" for path in (source.within, source.also_within) if path) + " is there"
    return ", ".join(part for part in (name, missing) if part)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
