"""``perpend remediate``: print commands that fix incompliant objects of a store. Perpend never runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from perpend.cli.app import USAGE_ERROR
from perpend.cli.config.command import Configured
from perpend.cli.options.completion import complete_policies, complete_runs
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import max_age_option, moment, repository_option
from perpend.cli.options.waivers import waiver_options
from perpend.core.diagnostics.warn import warn_diagnostics
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.streams import output_stream
from perpend.runs.warnings import warn_unusable_policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta
    from typing import TextIO

    from perpend.findings.remediation.plans import RemediationPlan
    from perpend.findings.remediation.store_plan import StorePlan

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
@click.option("--store", cls=StoreOption, is_needed=True, help="The store with the objects.")
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
    from perpend.findings.plan_remediation import planned_remediation
    from perpend.findings.remediation.store_plan import UnusableRemedy

    repository = open_repository_here(repo)
    waivers = None if with_waived else ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    choice: dict[str, Any] = {"run": run, "snapshot_time": snapshot_time, "max_age": max_age}
    try:
        with planned_remediation(Analyzer(repository), names, store, **choice, waivers=waivers) as plan:
            warn_unusable_policies(repository, plan.evaluation.selection)
            with output_stream(out) as stream:
                _writer(form)(plan.remediation_plans(), stream)
            return _print_summary(plan)
    except UnusableRemedy as error:
        warn_diagnostics(error.diagnostics, repository.files.source_line)
        raise


def _writer(form: str) -> Callable[[Iterable[RemediationPlan], TextIO], None]:
    from perpend.reports.formats.remediation import write_remedies_json, write_remedies_markdown, write_sh, write_terraform

    forms = {"sh": write_sh, "json": write_remedies_json, "terraform": write_terraform, "markdown": write_remedies_markdown}
    return forms[form]


def _print_summary(plan: StorePlan) -> int:
    """Print the summary and warnings of a plan on standard error, and return the exit code."""
    summary = plan.summary()
    for line in (*summary.warnings, summary.text):
        click.echo(f"perpend: {line}", err=True)
    if plan.evaluation.selection.refused:
        return USAGE_ERROR
    return 0 if summary.is_complete else NOT_FILLED
