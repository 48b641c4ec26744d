"""Plan the remediation of a store, and print what is missing: ``perpend remediate``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.options.history.record import place_of
from perpend.cli.options.programs import tell_problems, tell_refused
from perpend.cli.options.repository import open_store
from perpend.evaluation.verdicts.selection import select_policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from perpend.cli.options.waivers import ActiveWaivers
    from perpend.findings.remediation.plans import RemediationPlan
    from perpend.findings.remediation.store_plan import RequestedObjects, StorePlan
    from perpend.language.compiler.analyzer import Analyzer

NOT_FILLED: Final = 3
"""Exit code if a plan lacks a value, or something is undetermined."""


@dataclass(frozen=True, slots=True)
class PrintedPlan:
    """The plans for a store, of which a summary is printed."""

    plan: StorePlan

    def remediation_plans(self) -> Iterator[RemediationPlan]:
        """Yield a plan for each incompliant object."""
        return self.plan.remediation_plans()

    def tell(self) -> int:
        """Print the summary and warnings on standard error, and return the exit code."""
        summary = self.plan.summary()
        for line in (*summary.warnings, summary.text):
            click.echo(f"perpend: {line}", err=True)
        if self.plan.evaluation.selection.refused:
            return USAGE_ERROR
        return 0 if summary.is_complete else NOT_FILLED


def asked_of(analyzer: Analyzer, names: Sequence[str], store: str) -> RequestedObjects:
    """Return the policies and objects that names mean. Raises UnknownName."""
    from perpend.findings.remediation.store_plan import requested_objects

    return requested_objects(analyzer, names, partial(place_of, store))


@contextmanager
def plan_of_store(
    analyzer: Analyzer,
    asked: RequestedObjects,
    directory: str,
    run: str | None,
    snapshot_time: datetime | None,
    max_age: timedelta | None,
    waiving: ActiveWaivers | None = None,
) -> Iterator[PrintedPlan]:
    """Yield the plans for a snapshot of a store, without the objects that ``waiving`` covers."""
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
    from perpend.findings.remediation.store_plan import StorePlan, UnusableRemedy, remedies_for

    try:
        remedies, guides = remedies_for(analyzer, asked)
    except UnusableRemedy as error:
        tell_problems(analyzer.repository, error.diagnostics)
        raise
    with open_store(directory).reading(run) as snapshot:
        selection = select_policies(analyzer, tuple(asked.policies), over=snapshot, standing=asked.by_folder)
        tell_refused(analyzer.repository, selection)
        with evaluate_snapshot(snapshot, selection, snapshot_time=snapshot_time, max_age=max_age) as evaluation:
            waived = waiving.waived_objects(evaluation) if waiving else frozenset()
            yield PrintedPlan(StorePlan(evaluation, remedies, guides, waived))
