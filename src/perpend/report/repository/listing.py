"""What a repository holds, as rows: the same for the terminal and for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from perpend.diagnostics.escape import visible
from perpend.ir.ids import production_of
from perpend.ir.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from perpend.load.repository import Repository

Row = dict[str, Any]


def policies(repository: Repository) -> list[Row]:
    """Return a row per policy: id, name, input type of its production logic (None: it has none), mappings."""
    rows = []
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        production = production_of(entity)
        logic = repository.logic(production).value if production in repository.logic_ids else None
        rows.append(
            {
                "id": entity,
                "name": policy.names.full if policy else "",
                "inputType": logic.input_type.value if logic else None,
                "categories": list(policy.categories) if policy else [],
                "frameworkMappings": [item.value for item in policy.mappings] if policy else [],
            }
        )
    return rows


def types(repository: Repository) -> list[Row]:
    """Return a row per object type: API name, label, number of declared fields and extracts."""
    rows = []
    for name in repository.type_names:
        declared = repository.object_type(name).value
        held = [repository.extracts(item).value for item in repository.extracts_ids if item.startswith(f"/types/{name}/")]
        rows.append(
            {
                "name": name,
                "label": declared.label if declared else "",
                "fields": len(declared.fields) if declared else 0,
                "extracts": sum(len(item.extracts) for item in held if item),
            }
        )
    return rows


def frameworks(repository: Repository) -> list[Row]:
    """Return a row per framework: id, name, number of sections, of policies mapped directly."""
    mapped: dict[str, set[str]] = {}
    for entity in repository.policy_ids:
        policy = repository.policy(entity).value
        for item in policy.mappings if policy else ():
            mapped.setdefault("/".join(item.value.split("/")[:3]), set()).add(entity)
    rows = []
    for entity in repository.section_ids:
        if entity.count("/") == 2:
            section = repository.section(entity).value
            below = sum(item.startswith(f"{entity}/") for item in repository.section_ids)
            rows.append(
                {
                    "id": entity,
                    "name": section.name if section else "",
                    "sections": below,
                    "policies": len(mapped.get(entity, ())),
                }
            )
    return rows


def operations(_: Repository) -> list[Row]:
    """Return a row per operation: key, family, result type, dialects, first sentence."""
    return [
        {
            "name": operation.name,
            "family": operation.family,
            "dialects": list(operation.dialects),
            "summary": operation.doc.partition(". ")[0].rstrip(".") + ".",
        }
        for operation in OPERATIONS.values()
    ]


LISTINGS: dict[str, Callable[[Repository], list[Row]]] = {
    "policies": policies,
    "types": types,
    "frameworks": frameworks,
    "operations": operations,
}
"""What can be listed, by name."""


def print_listing(rows: list[Row], console: Console) -> None:
    """Print rows as a table, lists left out; where no terminal reads them, as lines with tabs. Says so when there are none."""
    if not rows:
        console.print(Text("none", style="dim"))
        return
    columns = [name for name, value in rows[0].items() if not isinstance(value, list)]
    if not console.is_terminal:
        for row in rows:
            line = "\t".join(visible("" if row[name] is None else str(row[name])) for name in columns)
            console.print(Text(line), soft_wrap=True)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible("–" if row[name] is None else str(row[name]))) for name in columns))
    console.print(table)
    console.print(Text(f"{len(rows)} in all", style="dim"))
