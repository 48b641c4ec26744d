"""``python -m tests.docs.terraform_reference PATH``: writes the page of what plans give, of the map of the AWS provider."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from perpend.inventory.readers.terraform.mapping import Default, MappedField, MappedType, aws_map
from perpend.language.syntax.repository import open_repository

HEAD = """# Fields of Terraform plans

<!-- Written by `make reference`; edit `src/perpend/inventory/readers/terraform/aws.json` instead. -->

This page lists the resources of the AWS provider that `perpend check plan.json` reads, the attribute that gives each field, and the value
of an object that the plan creates if nothing configures the attribute ([inputs](inputs.md#terraform-and-opentofu),
[decisions](../adr/0082-plans-and-defaults.md)). Everything else in a plan is not read.

`[0]` is a block that occurs once, `[]` a list of blocks; `@` stands for several attributes of the resource, and `@owner` for the resource that
a block is in. Each field that is not known has the reason in its verdicts.

## How far plans decide the policies

| policies | meaning |
| --- | --- |"""

MEANINGS = {
    "full": "a verdict follows from what is configured or defaulted",
    "mostly": "some verdicts wait for references, documents, or what a subnet, an image or the account decides",
    "one way": "one status can be proven, its opposite cannot",
    "never": "they read facts of run time, or all of an account",
}


def page() -> str:
    """Return the whole page."""
    terraform = aws_map()
    numbers = Counter(terraform.policies.values())
    lines = [HEAD, *(f"| {numbers[kind]} | {kind}: {meaning} |" for kind, meaning in MEANINGS.items()), "", "## Types"]
    repository = open_repository()
    for name, mapped in terraform.types.items():
        declared = repository.declared_type(name)
        lines += ["", f"### {declared.label if declared else name}", "", *_type(mapped)]
    return "\n".join(lines) + "\n"


def _type(mapped: MappedType) -> Iterator[str]:
    resources = ", ".join(f"`{one}`" for one in mapped.resources)
    yield f"`{mapped.name}` is made of {resources}." if resources else f"No resource makes objects of `{mapped.name}`."
    if mapped.identity:
        yield f"Its Id is `{mapped.identity}`, else the address."
    if mapped.joins:
        yield f"Attached: {', '.join(f'`{join.resource}` by `{join.by}`' for join in mapped.joins.values())}."
    if mapped.lists:
        yield f"A new object states {', '.join(f'`{one.name}`' for one in mapped.lists)}."
    if mapped.defaults_unless:
        yield f"Defaults do not hold with {', '.join(f'`{one}`' for one in mapped.defaults_unless)}."
    yield from ("", "| field | attributes | default | source of the default |", "| --- | --- | --- | --- |")
    for field in mapped.fields:
        yield _field(field)


def _field(field: MappedField) -> str:
    sources = ", ".join(f"`{one.resource}`: `{one.path}`" for one in field.sources)
    if not sources:
        sources = f"always `{json.dumps(field.constant)}`" if field.has_constant else field.unknown
    elif field.has_constant:
        sources += f"; else `{json.dumps(field.constant)}`"
    return f"| `{field.name}` | {sources} | {_value(field.default)} | {_source(field.default)} |"


def _value(default: Default | None) -> str:
    if default is None:
        return ""
    text = json.dumps(default.value)
    return "the default document" if len(text) > 60 else f"`{text}`"


def _source(default: Default | None) -> str:
    if default is None:
        return ""
    since = f", since {default.since}" if default.since else ""
    who = {"aws": "AWS", "provider": "the provider"}[default.by]
    return f"{who}{since} (read {default.read}): {default.source}".replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
