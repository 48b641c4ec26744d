"""A program in, how it can end out, for people: conditions in their order, then checks, those that say the same together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.text import Text

from perpend.core.diagnostics.escape import visible
from perpend.language.compiler.reachability import silent_checks
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.numbering import base_of, is_check
from perpend.language.program.required_columns import reads_below
from perpend.reports.terminal.explanation import STYLES, hang

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rich.console import Console

    from perpend.language.program.program import DeclaredOutcome, Expr, Program

_INDEX: Final = 5
_STATUS: Final = 14


@dataclass(slots=True)
class FoldedCheck:
    """Checks whose messages differ only in the name of what is read: the message with ``…`` for it, indexes, names."""

    message: str
    indexes: list[int] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)


def folded_checks(program: Program, silent: Collection[int] = ()) -> list[FoldedCheck]:
    """Return the checks of a program's own block by what they say, in the order of their indexes, but for silent ones."""
    by_text: dict[str, FoldedCheck] = {}
    for number, condition in enumerate(program.block.conditions, 1):
        for slot, expression, _, _ in checks_of(condition.expression, base=base_of(number)):
            if slot not in silent:
                message = program.verdicts[slot].message
                name = next((label for label in _names(expression) if label in message), None)
                said = message.replace(name, "…") if name else message
                folded = by_text.setdefault(said, FoldedCheck(said))
                folded.indexes.append(slot)
                folded.names.update({name: None} if name else {})
    for folded in by_text.values():
        if len(folded.names) == 1:
            (name,) = folded.names
            folded.message, folded.names = folded.message.replace("…", name), {}
    return list(by_text.values())


def print_outcomes(program: Program, console: Console, *, everything: bool = False) -> None:
    """Print how a program can end; checks that cannot fire are counted. ``everything``: each check for itself, in its place."""
    silent = silent_checks(program.block)
    for verdict in program.verdicts.values():
        if verdict.index not in silent and (everything or not is_check(verdict.index)):
            _print_verdict(verdict, console)
    if not everything:
        _print_checks(folded_checks(program, silent), console)
    if silent:
        what = "check cannot fire" if len(silent) == 1 else "checks cannot fire"
        _print_below(f"{len(silent):,} {what}, as the same one stands before, or nothing fails so", console)


def _print_checks(folded: list[FoldedCheck], console: Console) -> None:
    number = sum(len(check.indexes) for check in folded)
    if folded:
        counted = "1 check ends" if number == 1 else f"{number:,} checks end"
        console.print()
        line = Text.assemble(f"{counted} UNDETERMINED where a value cannot be used", (" (--all: each for itself)", "dim"))
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
    """Yield how what an expression reads may be called in a message: keys of documents, fields, the longest first."""
    reads = list(reads_below(expression))
    names = {read.key for read in reads if read.key} | {read.path for read in reads}
    yield from sorted(names, key=len, reverse=True)
