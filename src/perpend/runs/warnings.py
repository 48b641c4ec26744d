"""Warn of files, policies and inputs that a run does not use, and of settings in a configuration that was found."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import sorted_diagnostics
from perpend.core.diagnostics.phrases import counted
from perpend.core.diagnostics.warn import is_silent, warn, warn_diagnostics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.importers.tables.table_bytes import UnreadableTable
    from perpend.inventory.readers import UnusableInput
    from perpend.language.syntax.repository import Repository

_MOST_NAMED: Final = 10
_MOST_FAULTS: Final = 20


def warn_tree_faults(repository: Repository) -> None:
    """Show the files and links of a repository that are not read."""
    faults = sorted_diagnostics(repository.tree.diagnostics)
    warn_diagnostics(faults[:_MOST_FAULTS])
    if len(faults) > _MOST_FAULTS:
        warn(f"{len(faults) - _MOST_FAULTS:,} more files and links are not read: perpend lint names them")


def warn_unusable_policies(repository: Repository, selection: Selection) -> None:
    """Show the diagnostics of the policies that cannot be evaluated, and their number."""
    warn_diagnostics(selection.misspelt, repository.files.source_line)
    if selection.refused:
        problems = [problem for problems in selection.refused.values() for problem in problems]
        warn_diagnostics(problems, repository.files.source_line)
        number, names = len(selection.refused), ", ".join(islice(selection.refused, _MOST_NAMED))
        warn(f"{number} {'policy is' if number == 1 else 'policies are'} not evaluated: {names}")


def warn_found_settings(subject: str, settings: Sequence[tuple[str, str, str]]) -> None:
    """Warn about settings of a configuration file that Perpend has found itself, if there are any."""
    if text := found_settings_text(subject, settings):
        warn(visible(text))


def found_settings_text(subject: str, settings: Sequence[tuple[str, str, str]]) -> str:
    """Return the settings of a configuration that was found, and their subject, in one line; empty without settings."""
    listed = ", ".join(f"{name} = {value} ({place})" for name, value, place in settings)
    return f"{subject} by a configuration that was found: {listed}; --no-config passes it over" if settings else ""


def warn_failures(failures: Sequence[UnusableInput | UnreadableTable], prefix: str = "") -> None:
    """Warn of inputs that cannot be used."""
    warn_first([f"{prefix}{failure}" for failure in failures])


def warn_first(messages: Sequence[str]) -> None:
    """Write the first warnings of inputs, and the number of the others. A program that hears warnings gets all."""
    most = len(messages) if is_silent() else _MOST_NAMED
    for message in messages[:most]:
        warn(message)
    if len(messages) > most:
        warn(f"and {counted(len(messages) - most, 'more input')}")
