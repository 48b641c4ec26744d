"""The choice of policies by the options of a command, and warnings about unusable policies, under their former names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import is_from_file
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.reports.runs import PolicyChoice, warn_unusable_policies

if TYPE_CHECKING:
    from collections.abc import Collection

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.inventory import Inventory
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.repository import Repository

tell_refused = warn_unusable_policies


def chosen_policies(analyzer: Analyzer, asked: Any, over: Inventory | Snapshot) -> Selection:
    """Return the policies of a command, after showing the diagnostics of unusable ones."""
    choice = PolicyChoice(
        policies=asked.policies,
        frameworks=asked.frameworks,
        inherited=asked.inherited,
        exclude=asked.exclude,
        standing=is_from_file(click.get_current_context(), "policies"),
    )
    selection = choice.select(analyzer, over)
    warn_unusable_policies(analyzer.repository, selection)
    return selection


def tell_problems(repository: Repository, problems: Collection[Diagnostic]) -> None:
    """Show diagnostics of a repository's files."""
    warn_diagnostics(problems, repository.files.source_line)
