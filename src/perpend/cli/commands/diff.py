"""``perpend diff``: compare two runs, or two revisions of the policies over one snapshot."""

from __future__ import annotations

import click

from perpend.cli.config.command import Configured, is_from_file, site_address
from perpend.cli.options.accounts import accounts_of_history
from perpend.cli.options.format import format_option, history_format_options, not_written
from perpend.cli.options.history.record import store_option
from perpend.cli.options.history_output import write_difference, writes_counts
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.runs import warn_deciding_settings
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.waivers import waiver_options
from perpend.findings.history.model import Event
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.reports.formats.registry import WRITES
from perpend.reports.formats.write import FormatOptions

LOST_SIGHT = 3
"""The exit code if nothing is new, but an open finding has become unknown."""

EPILOG = """\b
Examples:
  perpend diff --store inventory
  perpend diff 12 last --store inventory --format markdown
  perpend diff --store inventory --format ocsf --out changes.ndjson
  perpend diff --policies main HEAD --store inventory --repo ~/policies
  perpend diff --policies HEAD . --store inventory --format markdown --out comment.md

\b
Exit codes: 0 nothing newly incompliant that is not waived, 1 something newly incompliant,
3 nothing new, but an open finding has become unknown, 2 usage or store error."""


@click.command("diff", cls=Configured, epilog=EPILOG)
@click.argument("revisions", nargs=-1, metavar="[BEFORE] [AFTER]")
@click.option("--policies", is_flag=True, help="BEFORE and AFTER are revisions of the repository; `.` is the working tree.")
@store_option
@click.option(
    "--repo",
    metavar="DIR",
    type=click.Path(),
    help="The repository with the revisions or the waivers. Default: the one here.",
)
@waiver_options
@click.option("--run", metavar="ID", help="With --policies: compare over this snapshot. Default: the current one.")
@ratings_options
@format_option("diff")
@history_format_options
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Objects shown of each kind.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
@click.pass_context
def command(
    context: click.Context,
    /,
    revisions: tuple[str, ...],
    policies: bool,
    directory: str,
    repo: str | None,
    waivers_dir: str | None,
    no_waivers: bool,
    ratings_dir: str | None,
    default_ratings: bool,
    run: str | None,
    limit: int,
    form: str,
    ocsf_version: str | None,
    unrated: str | None,
    github: bool,
    out: str | None,
) -> int:
    """Compare two runs of a store's history; by default the last two.

    A run is a number, the beginning of a snapshot's id, or `last`. With --policies, compare two revisions
    of a repository over one snapshot: the effect of a change of policies, and of their waivers.
    """
    from perpend.findings.run_diff import run_difference
    from perpend.reports.terminal.history.finding import HistoryAnnotations, waiver_texts

    site = site_address(context)
    options = FormatOptions(form, out, ocsf_version=ocsf_version, unrated=unrated, github=github, site=site)
    options.check()
    if policies:
        if len(revisions) != 2:
            raise click.UsageError("--policies compares two revisions: perpend diff --policies BEFORE AFTER")
        if form not in WRITES["diff --policies"]:
            raise click.UsageError(not_written("diff --policies", form))
        from perpend.cli.options.history.policy_diff import compare_revisions

        # A directory that a configuration names is one of a revision: each has its own.
        named = None if is_from_file(context, "waivers_dir") else waivers_dir
        return compare_revisions(revisions, directory, repo, run, form, limit, out, waivers_dir=named, no_waivers=no_waivers)
    if run is not None:
        raise click.UsageError("--run goes with --policies")
    warn_deciding_settings(context)
    repository = open_repository_here(repo)
    waiving = ActiveWaivers.here(repository, waivers_dir, none=no_waivers)
    rating = ActiveSeverities.here(repository, ratings_dir, defaults=default_ratings)
    history = open_history(directory)
    difference = run_difference(history, revisions, waiving, rating, counted=writes_counts(options))
    history_annotations = HistoryAnnotations(
        repository, waiver_texts(difference.waiver_statuses), rating.in_force, lines=form == "sarif"
    )
    accounts = accounts_of_history(context, history, repository)
    write_difference(difference, history.head(), history_annotations, options, limit, accounts)
    if any(row["what"] in (Event.OPENED, Event.REOPENED) and not row["waiver"] for row in difference.rows):
        return 1
    return LOST_SIGHT if any(row["what"] == Event.BECAME_UNKNOWN for row in difference.rows) else 0
