"""Which policies a command line chooses; what keeps some from judging is told to people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import click

from perpend.cli.config.command import is_from_file
from perpend.core.diagnostics.text import render_text
from perpend.evaluation.verdicts.selection import select_policies

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.core.objects.inventory import Inventory
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.repository import Repository

_MOST_NAMED = 10


class PolicyChoice(Protocol):
    """What the options of ``choosing.choice_options`` say."""

    @property
    def policies(self) -> Sequence[str]:
        """Ids, globs or folders of policies."""

    @property
    def frameworks(self) -> Sequence[str]:
        """Frameworks or sections."""

    @property
    def inherited(self) -> bool:
        """Whether those judge, too, that reach a framework another way."""

    @property
    def exclude(self) -> Sequence[str]:
        """Ids, globs or folders of policies that are not asked."""


def chosen_policies(analyzer: Analyzer, asked: PolicyChoice, over: Inventory | Snapshot) -> Selection:
    """Return the policies that a command line chooses to judge what is held, having told which cannot."""
    selection = choose_policies(analyzer, asked, over)
    tell_refused(analyzer.repository, selection)
    return selection


def choose_policies(analyzer: Analyzer, asked: PolicyChoice, over: Inventory | Snapshot) -> Selection:
    """Return the policies that a command line chooses to judge what is held."""
    return select_policies(
        analyzer,
        asked.policies,
        framework=asked.frameworks,
        inherited=asked.inherited,
        exclude=asked.exclude,
        standing=is_from_file(click.get_current_context(), "policies"),
        over=over,
    )


def tell_problems(repository: Repository, problems: Collection[Diagnostic]) -> None:
    """Print diagnostics of a repository's files on standard error, where there are any."""
    if problems:
        text = render_text(problems, source_line=repository.files.source_line, colour=sys.stderr.isatty())
        click.echo(text, err=True, nl=False)


def tell_refused(repository: Repository, selection: Selection) -> None:
    """Print what keeps policies from judging, and which they are, where there are any."""
    tell_problems(repository, selection.misspelt)
    if not selection.refused:
        return
    tell_problems(repository, [problem for problems in selection.refused.values() for problem in problems])
    number, names = len(selection.refused), ", ".join(list(selection.refused)[:_MOST_NAMED])
    click.echo(f"perpend: {number} {'policy is' if number == 1 else 'policies are'} not judged: {names}", err=True)
