"""One entity of a repository as people read it in a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from perpend.core.diagnostics.escape import visible
from perpend.core.objects.object_types import with_api_name
from perpend.language.program.required_columns import reads_of
from perpend.language.syntax.reference import operation_pages, page_name
from perpend.reports.terminal.explanation import print_labelled
from perpend.reports.terminal.markdown import print_markdown
from perpend.reports.terminal.repository.listing import companion
from perpend.reports.terminal.repository.outcomes import print_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.operations.operation import Operation
    from perpend.language.program.program import Block
    from perpend.language.syntax.repository import Repository

_LABEL = 16
_LINK_BETWEEN_FILES = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)\s]+\)")
_PARAGRAPHS = ("description.md", "remediation.md")


def print_policy(analyzer: Analyzer, policy_id: str, console: Console, *, everything: bool = False) -> None:
    """Print a policy: names, mappings, similar rules, the verdicts of its logic, description and remediation.

    ``everything``: checks that say the same are not folded.
    """
    repository = analyzer.repository
    policy = repository.policy(policy_id).value
    if policy is None:
        console.print(Text(f"{policy_id} cannot be read; `perpend lint` says why"))
        return
    console.print(Text(visible(policy.names.full), style="bold"))
    console.print(Text(policy_id, style="dim"))
    _pairs(
        console,
        (
            ("type", policy.kind or ""),
            ("categories", ", ".join(policy.categories)),
            ("sections", "\n".join(f"{item.value}  {_section_name(repository, item.value)}" for item in policy.mappings)),
            ("internal", ", ".join(policy.similar_internal)),
            ("Conformity", "\n".join(f"{link.name}  {link.url}" for link in policy.similar_conformity)),
            ("Trusted Advisor", "\n".join(f"{link.name}  {link.url}" for link in policy.similar_trusted_advisor)),
            ("Security Hub", "\n".join(f"{link.name}  {link.url}" for link in policy.similar_security_hub)),
            ("impossible", "cannot be automated" if policy.impossible else ""),
        ),
    )
    for logic_id in policy.logics:
        _print_logic(analyzer, logic_id, console, everything=everything)
    for name in _PARAGRAPHS:
        text = companion(repository, f"{policy_id}/{name}".lstrip("/"))
        if text:
            console.print()
            print_markdown(visible_lines(text), console)


def _print_logic(analyzer: Analyzer, logic_id: str, console: Console, *, everything: bool) -> None:
    program = analyzer.analyzed(logic_id).program
    console.print()
    console.print(Text(visible(logic_id.rpartition("/")[2]), style="bold"))
    if program is None:
        console.print(Text("has errors; `perpend lint` says which", style="yellow"))
        return
    declared = program.block.type
    console.print(Text(f"judges {with_api_name(declared.label, declared.name)}", style="dim"))
    _pairs(console, (("reads", "\n".join(_reads("", program.block))),))
    print_outcomes(program, console, everything=everything)


def _reads(relationship: str, block: Block) -> Iterator[str]:
    """Yield the fields that a block and its related lists read, each with the keys of the JSON document in it."""
    keys: dict[str, list[str]] = {}
    for read in reads_of(block):
        keys.setdefault(read.path, []).extend([read.key] if read.key else [])
    for path, names in keys.items():
        yield f"{relationship}{path}{': ' if names else ''}{', '.join(names)}"
    for name, child in block.related.items():
        yield from _reads(f"{relationship}{name} → ", child)


def print_section(repository: Repository, section_id: str, console: Console) -> None:
    """Print a framework section: its name, what is below it, the policies mapped to it directly."""
    section = repository.section(section_id).value
    console.print(Text(visible(section.name if section else section_id), style="bold"))
    console.print(Text(section_id, style="dim"))
    if section and section.description:
        console.print(Text(visible(section.description)))
    below = [section for section in repository.section_ids if section.rpartition("/")[0] == section_id]
    _pairs(console, (("sections", "\n".join(f"{section}  {_section_name(repository, section)}" for section in below)),))
    mapped = []
    for policy_id in repository.policy_ids:
        policy = repository.policy(policy_id).value
        if policy and any(f"{item.value}/".startswith(f"{section_id}/") for item in policy.mappings):
            mapped.append(f"{policy_id}  {policy.names.full}")
    _pairs(console, (("policies", "\n".join(mapped) or "none"),))


def print_type(repository: Repository, name: str, console: Console) -> None:
    """Print an object type: fields, lookups, related lists, extracts."""
    declared = repository.object_type(name).value
    label = declared.label if declared else ""
    console.print(Text(visible(label or name), style="bold"))
    if label not in ("", name):
        console.print(Text(name, style="dim"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("field", "type", "label"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "field")
    for field in declared.fields.values() if declared else ():
        table.add_row(Text(visible(field.name)), field.kind, Text(visible(field.label)))
    for lookup in declared.lookups.values() if declared else ():
        table.add_row(Text(visible(lookup.name)), "lookup", Text(visible(f"→ {lookup.target} by {lookup.key}")))
    for children in declared.children.values() if declared else ():
        table.add_row(Text(visible(children.name)), "children", Text(visible(f"→ {children.type_name} by {children.key}")))
    console.print(table if declared else Text("not declared: there is no type.yaml", style="yellow"))
    for extracts_id in repository.extracts_ids:
        extracts = repository.extracts(extracts_id).value
        if extracts_id.startswith(f"/types/{name}/") and extracts:
            console.print(Text(f"\n{visible(extracts_id.rpartition('/')[2])}", style="dim"))
            for extract in extracts.extracts:
                console.print(Text(f"  {visible(extract.name)}"), soft_wrap=True)


def print_operation(operation: Operation, console: Console) -> None:
    """Print an operation's reference page."""
    page = operation_pages()[f"{page_name(operation)}.md"]
    print_markdown(_LINK_BETWEEN_FILES.sub(r"\1", page), console)


def visible_lines(text: str) -> str:
    """Return a text of several lines with everything but the line ends made visible."""
    return "\n".join(visible(line) for line in text.splitlines())


def _section_name(repository: Repository, section_id: str) -> str:
    section = repository.section(section_id).value if section_id in repository.section_ids else None
    return section.name if section else "(no such section)"


def _pairs(console: Console, pairs: Iterable[tuple[str, str]]) -> None:
    for label, value in pairs:
        if value:
            print_labelled(console, label, Text(visible_lines(value)), width=_LABEL)
