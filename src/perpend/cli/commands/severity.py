"""``perpend severity``: list and check severity ratings."""

from __future__ import annotations

import json
from typing import Any

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.severity import ratings_options
from perpend.cli.options.values import repository_option
from perpend.cli.options.waivers import print_diagnostics
from perpend.findings.history.open_history import open_history
from perpend.findings.severity.active import rating_files
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.levels import SeverityLevel
from perpend.reports.streams import output_stream, terminal

EPILOG = """\b
Examples:
  perpend severity lint
  perpend severity lint --unrated
  perpend severity list
  perpend severity list --ratings ratings --format json
  perpend severity list --store inventory --run 12

\b
Exit codes: 0 no problems, 1 problems found (lint), 2 ratings that cannot be read."""


@click.group("severity", epilog=EPILOG)
def command() -> None:
    """List and check severity ratings of policies, with their source and reason."""


@command.command("lint", cls=Configured, epilog="\b\nExamples:\n  perpend severity lint\n  perpend severity lint --unrated")
@repository_option
@ratings_options
@click.option("--unrated", is_flag=True, help="Also report policies without a rating.")
def lint(repo: str | None, ratings_dir: str | None, default_ratings: bool, unrated: bool) -> int:
    """Report faulty ratings: unknown policies, policies with two ratings, and adjustments of policies without a rating."""
    from perpend.findings.severity.warnings import rating_warnings

    repository = open_repository_here(repo)
    files = rating_files(repository, ratings_dir, defaults=default_ratings)
    in_force = ratings_in_force(files, repository.policy_ids)
    problems = rating_warnings(files, in_force, repository.policy_ids, unrated=unrated)
    return print_diagnostics(problems)


@command.command(
    "list",
    cls=Configured,
    epilog="\b\nExamples:\n  perpend severity list --format json\n  perpend severity list --store inventory --run 12",
)
@repository_option
@ratings_options
@format_option("severity")
@click.option("--store", "directory", metavar="DIR", type=click.Path(), help="List the ratings of a run of this store.")
@click.option("--run", "run_name", metavar="RUN", default="last", show_default=True, help="With --store: the run.")
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def list_all(
    repo: str | None,
    ratings_dir: str | None,
    default_ratings: bool,
    form: str,
    directory: str | None,
    run_name: str,
    out: str | None,
) -> int:
    """List the rating of each policy, the most severe first, its adjustments, and the number of policies of each level.

    Beside it stands the severity that AWS Security Hub publishes for the controls that a policy of the library names.

    With --store, list the ratings that the history recorded for a run. RUN has the form that `perpend diff` takes.
    """
    from perpend.findings.severity.published import published_severities
    from perpend.reports.formats.decisions import ratings_document
    from perpend.reports.terminal.history.decisions import print_ratings

    if directory is None:
        repository = open_repository_here(repo)
        files = rating_files(repository, ratings_dir, defaults=default_ratings)
        in_force = ratings_in_force(files, repository.policy_ids)
        document = ratings_document(in_force, published_severities(repository, in_force.by_policy))
    else:
        document = _recorded(directory, run_name)
    document["ratings"].sort(key=lambda rating: -SeverityLevel(rating["severity"]).rank)
    if form == "text":
        with terminal(out) as console:
            print_ratings(document, console)
        return 0
    with output_stream(out) as stream:
        json.dump(document, stream, indent=1)
        stream.write("\n")
    return 0


def _recorded(directory: str, run_name: str) -> dict[str, Any]:
    """Return the ratings of a run, with the run's number and time."""
    from perpend.findings.history.queries.findings import run_named
    from perpend.findings.severity.history_document import recorded_document

    head = open_history(directory).head()
    run = run_named(head, run_name)
    return {"run": run.number, "time": run.time, **recorded_document(head.ratings_of(run))}
