"""``perpend remediate``: print commands that fix incompliant objects of a store. Perpend never runs them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_policies, complete_runs
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.values import max_age_option, moment, repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.evaluation.verdicts.selection import select_policies
from perpend.findings.history.open_history import open_history
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.runs import warn_unusable_policies
from perpend.reports.streams import output_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta
    from typing import TextIO

    from perpend.findings.remediation.plans import RemediationPlan
    from perpend.findings.remediation.store_plan import RequestedObjects, StorePlan

EPILOG: Final = """\b
Examples:
  perpend remediate symmetric-cmk-rotation --store inventory
  perpend remediate b5e7a792c013c141847f73767865183e --store inventory
  perpend remediate '/ce/ca/aws/s3' --store inventory --format markdown --out fix-buckets.md
  perpend remediate instance-deletion-protection --store inventory --format terraform
  perpend remediate bucket-versioning --store inventory --format json
  perpend remediate bucket-versioning --store inventory --with-waived

\b
Exit codes: 0 there is a plan for every incompliant object, 3 a plan has gaps or an object is
undetermined, 2 usage, store or repository error."""

NOT_FILLED: Final = 3
"""Exit code if a plan lacks a value, or something is undetermined."""


@click.command("remediate", cls=Configured, epilog=EPILOG)
@click.argument("names", metavar="POLICY|FINDING...", nargs=-1, required=True, shell_complete=complete_policies)
@click.option("--store", required=True, metavar="DIR", type=click.Path(), help="The store with the objects.")
@click.option("--run", metavar="ID", shell_complete=complete_runs, help="Check this snapshot of the store.")
@repository_option
@click.option(
    "--snapshot-time",
    metavar="TIME",
    callback=moment,
    help="When the inventory was collected. Default: the time of the snapshot.",
)
@max_age_option
@waiver_options
@click.option("--with-waived", is_flag=True, help="Also plan for waived objects of POLICY.")
@format_option("remediate", help="The format of the plan.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def command(
    names: tuple[str, ...],
    store: str,
    run: str | None,
    repo: str | None,
    snapshot_time: datetime | None,
    max_age: timedelta | None,
    waivers_dir: str | None,
    no_waivers: bool,
    with_waived: bool,
    form: str,
    out: str | None,
) -> int:
    """Print a plan for each object that POLICY finds incompliant in a store, or for the object of FINDING.

    The command checks the store again. A plan contains the object's own names, the checks before the change, and the commands
    to undo it. Perpend never runs a plan. If a name is unknown or not valid, the plan says so and has no command. The template
    is `remedy.yaml` next to the policy; without it, the plan shows the policy's `remediation.md`. Waived objects are left out,
    unless a FINDING names them or --with-waived is given.
    """
    repository = open_repository_here(repo)
    analyzer = Analyzer(repository)
    asked = _requested(analyzer, names, store)
    waiving = None if with_waived else ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    with (
        _plan_of_store(analyzer, asked, store, run, snapshot_time, max_age, waiving) as plan,
        output_stream(out) as stream,
    ):
        _writer(form)(plan.remediation_plans(), stream)
        return plan.print_summary()


def _writer(form: str) -> Callable[[Iterable[RemediationPlan], TextIO], None]:
    from perpend.reports.formats.remediation import write_remedies_json, write_remedies_markdown, write_sh, write_terraform

    forms = {"sh": write_sh, "json": write_remedies_json, "terraform": write_terraform, "markdown": write_remedies_markdown}
    return forms[form]


@dataclass(frozen=True, slots=True)
class _PrintedPlan:
    """The plans for a store, of which a summary is printed."""

    plan: StorePlan

    def remediation_plans(self) -> Iterator[RemediationPlan]:
        """Yield a plan for each incompliant object."""
        return self.plan.remediation_plans()

    def print_summary(self) -> int:
        """Print the summary and warnings on standard error, and return the exit code."""
        summary = self.plan.summary()
        for line in (*summary.warnings, summary.text):
            click.echo(f"perpend: {line}", err=True)
        if self.plan.evaluation.selection.refused:
            return USAGE_ERROR
        return 0 if summary.is_complete else NOT_FILLED


def _requested(analyzer: Analyzer, names: Sequence[str], store: str) -> RequestedObjects:
    """Return the policies and objects that names mean. Raises UnknownName."""
    from perpend.findings.remediation.store_plan import requested_objects

    return requested_objects(analyzer, names, partial(open_history, store))


@contextmanager
def _plan_of_store(
    analyzer: Analyzer,
    asked: RequestedObjects,
    directory: str,
    run: str | None,
    snapshot_time: datetime | None,
    max_age: timedelta | None,
    waiving: ActiveWaivers | None = None,
) -> Iterator[_PrintedPlan]:
    """Yield the plans for a snapshot of a store, without the objects that ``waiving`` covers."""
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
    from perpend.findings.remediation.store_plan import StorePlan, UnusableRemedy, remedies_for

    try:
        remedies, guides = remedies_for(analyzer, asked)
    except UnusableRemedy as error:
        warn_diagnostics(error.diagnostics, analyzer.repository.files.source_line)
        raise
    with open_store(directory).reading(run) as snapshot:
        selection = select_policies(analyzer, tuple(asked.policies), over=snapshot, standing=asked.by_folder)
        warn_unusable_policies(analyzer.repository, selection)
        with evaluate_snapshot(snapshot, selection, snapshot_time=snapshot_time, max_age=max_age) as evaluation:
            waived = waiving.waived_objects(evaluation) if waiving else frozenset()
            yield _PrintedPlan(StorePlan(evaluation, remedies, guides, waived))
