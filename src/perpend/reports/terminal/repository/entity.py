"""Print one entity of a repository: a policy with its possible outcomes, a section, an object type or an operation."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.objects.object_types import with_api_name
from perpend.language.compiler.reachability import silent_checks
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.numbering import base_of, is_check
from perpend.language.program.required_columns import reads_below, reads_of
from perpend.language.syntax.reference import operation_pages, page_name
from perpend.language.syntax.repository import TEXTS
from perpend.language.syntax.tools import TOOLS
from perpend.reports.terminal.explanation import hang, print_labelled
from perpend.reports.terminal.markdown import print_markdown
from perpend.reports.terminal.page import STYLES
from perpend.reports.terminal.repository.listing import companion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rich.console import Console

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.operations.operation import Operation
    from perpend.language.program.program import Block, DeclaredOutcome, Expr, Program
    from perpend.language.syntax.documents import Policy
    from perpend.language.syntax.repository import Repository

_LABEL = 16
_LINK_BETWEEN_FILES = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)\s]+\)")


def print_policy(analyzer: Analyzer, policy_id: str, console: Console, *, everything: bool = False) -> None:
    """Print a policy: names, mappings, similar rules, the outcomes of its logic, description and remediation.

    ``everything``: checks with the same message are not folded.
    """
    repository = analyzer.repository
    policy = repository.policy(policy_id).value
    if policy is None:
        console.print(Text(f"{policy_id} cannot be read: run `perpend lint`"))
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
            *((tool.name, "\n".join(check.id for check in policy.similar_checks if check.tool == tool)) for tool in TOOLS),
            ("impossible", "cannot be automated" if policy.impossible else ""),
            ("parameters", "\n".join(_parameters(policy))),
        ),
    )
    for logic_id in policy.logics:
        _print_logic(analyzer, logic_id, console, everything=everything)
    for name in TEXTS:
        text = companion(repository, f"{policy_id}/{name}".lstrip("/"))
        if text:
            console.print()
            print_markdown(visible_lines(text), console)


def _parameters(policy: Policy) -> Iterator[str]:
    """Yield the parameters of a policy with their values, bounds and meanings."""
    for parameter, value in zip(policy.parameters, policy.values, strict=True):
        yield f"{parameter.declared_text(value)}: {parameter.description}"


def _print_logic(analyzer: Analyzer, logic_id: str, console: Console, *, everything: bool) -> None:
    program = analyzer.analyzed(logic_id).program
    console.print()
    console.print(Text(visible(logic_id.rpartition("/")[2]), style="bold"))
    if program is None:
        console.print(Text("has errors: run `perpend lint`", style="yellow"))
        return
    declared = program.block.type
    console.print(Text(f"evaluates {with_api_name(declared.label, declared.name)}", style="dim"))
    _pairs(console, (("reads", "\n".join(_reads("", program.block))),))
    print_outcomes(program, console, everything=everything)


def _reads(relationship: str, block: Block) -> Iterator[str]:
    """Yield the fields that a block and its related lists read, each with the keys read from its JSON document."""
    keys: dict[str, list[str]] = {}
    for read in reads_of(block):
        keys.setdefault(read.path, []).extend([read.key] if read.key else [])
    for path, names in keys.items():
        yield f"{relationship}{path}{': ' if names else ''}{', '.join(names)}"
    for name, child in block.related.items():
        yield from _reads(f"{relationship}{name} → ", child)


def print_section(repository: Repository, section_id: str, console: Console) -> None:
    """Print a framework section: its name, its sections, and the policies mapped to it directly."""
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
    for declared_field in declared.fields.values() if declared else ():
        table.add_row(Text(visible(declared_field.name)), declared_field.kind, Text(visible(declared_field.label)))
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
    """Print the reference page of an operation."""
    page = operation_pages()[f"{page_name(operation)}.md"]
    print_markdown(_LINK_BETWEEN_FILES.sub(r"\1", page), console)


def visible_lines(text: str) -> str:
    """Return a text of several lines, with all hidden characters but line ends escaped."""
    return "\n".join(visible(line) for line in text.splitlines())


def _section_name(repository: Repository, section_id: str) -> str:
    section = repository.section(section_id).value if section_id in repository.section_ids else None
    return section.name if section else "(no such section)"


def _pairs(console: Console, pairs: Iterable[tuple[str, str]]) -> None:
    for label, value in pairs:
        if value:
            print_labelled(console, label, Text(visible_lines(value)), width=_LABEL)


_INDEX: Final = 5
_STATUS: Final = 14


@dataclass(slots=True)
class FoldedCheck:
    """Checks whose messages differ only in the name of the read value, which is ``…`` in ``message``."""

    message: str
    indexes: list[int] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)


def folded_checks(program: Program, silent: Collection[int] = ()) -> list[FoldedCheck]:
    """Return the checks of a program's own block without silent ones, folded by message, in the order of their indexes."""
    by_text: dict[str, FoldedCheck] = {}
    for number, condition in enumerate(program.block.conditions, 1):
        for slot, expression, _, _ in checks_of(condition.expression, base=base_of(number)):
            if slot not in silent:
                message = program.verdicts[slot].message
                name = next((label for label in _names(expression) if label in message), None)
                folded_message = message.replace(name, "…") if name else message
                folded = by_text.setdefault(folded_message, FoldedCheck(folded_message))
                folded.indexes.append(slot)
                folded.names.update({name: None} if name else {})
    for folded in by_text.values():
        if len(folded.names) == 1:
            (name,) = folded.names
            folded.message, folded.names = folded.message.replace("…", name), {}
    return list(by_text.values())


def print_outcomes(program: Program, console: Console, *, everything: bool = False) -> None:
    """Print the possible outcomes of a program. ``everything``: each check on its own line. Silent checks are counted."""
    silent = silent_checks(program.block)
    for verdict in program.verdicts.values():
        if verdict.index not in silent and (everything or not is_check(verdict.index)):
            _print_verdict(verdict, console)
    if not everything:
        _print_checks(folded_checks(program, silent), console)
    if silent:
        what = "check cannot fire" if len(silent) == 1 else "checks cannot fire"
        _print_below(f"{len(silent):,} {what}: an equal check comes before, or the failure cannot occur", console)


def _print_checks(folded: list[FoldedCheck], console: Console) -> None:
    number = sum(len(check.indexes) for check in folded)
    if folded:
        counted = "1 check gives" if number == 1 else f"{number:,} checks give"
        console.print()
        line = Text.assemble(f"{counted} UNDETERMINED if a value cannot be used", (" (--all lists each one)", "dim"))
        hang(console, Text(), line)
    for check in folded:
        hang(console, Text(f"{check.indexes[0]:>{_INDEX}}  ", style="dim"), Text(visible(check.message)))
        if len(check.indexes) > 1:
            names = f" (… is {', '.join(map(visible, check.names))})" if check.names else ""
            _print_below(f"also {', '.join(map(str, check.indexes[1:]))}{names}", console)


def _print_below(text: str, console: Console) -> None:
    hang(console, Text(" " * (_INDEX + 2)), Text(text, style="dim"))


def _print_verdict(verdict: DeclaredOutcome, console: Console) -> None:
    head = Text.assemble(
        (f"{verdict.index:>{_INDEX}}  ", "dim"), (f"{verdict.status.value:<{_STATUS}}", STYLES[verdict.status])
    )
    hang(console, head, Text(("check " if is_check(verdict.index) else "") + visible(verdict.text)))
    if verdict.message != verdict.text:
        hang(console, Text(" " * (_INDEX + 2 + _STATUS)), Text(visible(verdict.message), style="dim"))


def _names(expression: Expr) -> Iterator[str]:
    """Yield the names of read values that may occur in a message: keys of documents and fields, the longest first."""
    reads = list(reads_below(expression))
    names = {read.key for read in reads if read.key} | {read.path for read in reads}
    yield from sorted(names, key=len, reverse=True)
