"""``perpend waivers``: list, check and try out waivers and attestations."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perpend.cli.config.command import Configured
from perpend.cli.options.format import format_option
from perpend.cli.options.repository import open_repository_here
from perpend.cli.options.store import StoreOption
from perpend.cli.options.values import moment, repository_option
from perpend.cli.options.waivers import print_diagnostics, waivers_option
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import PerpendError
from perpend.findings.history.open_history import open_history
from perpend.findings.waivers.active import day_of, raise_faults, read_waivers
from perpend.findings.waivers.read import FOLDER, waivers_of
from perpend.language.syntax.files import Files
from perpend.reports.streams import output_stream, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.core.objects.status import Status
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.read import WaiverFiles
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

EPILOG = """\b
Examples:
  perpend waivers lint
  perpend waivers list --store inventory
  perpend waivers try waivers/iam.yaml --store inventory

\b
Exit codes: 0 no problems, 1 problems found (lint), 2 waivers that cannot be read."""

_day = click.option(
    "--day",
    metavar="DAY",
    callback=moment,
    help="Use this day. Default: today, and with --store also the day of the newest run.",
)
_store = click.option("--store", "directory", cls=StoreOption, help="Count the findings of this store's history.")
_form = format_option("waivers")


@click.group("waivers", epilog=EPILOG)
def command() -> None:
    """List, check and try out waivers and attestations."""


@command.command(
    "lint", cls=Configured, epilog="\b\nExamples:\n  perpend waivers lint\n  perpend waivers lint --store inventory"
)
@repository_option
@waivers_option
@_store
@_day
def lint(repo: str | None, waivers_dir: str | None, directory: str | None, day: datetime | None) -> int:
    """Report ended, ending, unused, broad, overlapping, unapproved or outdated waivers. With --store, match its findings."""
    from perpend.findings.waivers.attestations import attested_on
    from perpend.findings.waivers.match_history import evaluated_scope
    from perpend.findings.waivers.warnings import attestation_warnings, waiver_warnings

    repository = open_repository_here(repo)
    files = read_waivers(repository, waivers_dir)
    with _matched(files, repository, directory, day) as (waiver_matches, connection):
        evaluated = evaluated_scope(open_history(directory), connection, waiver_matches) if directory and connection else None
    attested = attested_on(files, waiver_matches.day, repository, _counts_in(directory))
    problems = waiver_warnings(waiver_matches, files.approvers, evaluated, repository.values)
    return print_diagnostics([*problems, *attestation_warnings(attested)])


@command.command("list", cls=Configured, epilog="\b\nExample:\n  perpend waivers list --format json")
@repository_option
@waivers_option
@_store
@_day
@_form
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def list_all(
    repo: str | None, waivers_dir: str | None, directory: str | None, day: datetime | None, form: str, out: str | None
) -> int:
    """List waivers and attestations with their state, end, owner, and the findings that they cover."""
    from perpend.findings.waivers.attestations import attested_on
    from perpend.reports.formats.decisions import attestation_document, changed_document, day_document, waiver_document
    from perpend.reports.terminal.history.decisions import print_waivers

    repository = open_repository_here(repo)
    files = read_waivers(repository, waivers_dir)
    with _matched(files, repository, directory, day) as (waiver_matches, _):
        pass
    attested = attested_on(files, waiver_matches.day, repository, _counts_in(directory))
    if form == "text":
        with terminal(out) as console:
            print_waivers(waiver_matches, attested, console, counts=directory is not None, values_of=repository.values)
        return 0
    known = waiver_matches if directory is not None else None
    document = {
        **day_document(waiver_matches),
        "waivers": [
            {**waiver_document(waiver_status, known), **changed_document(waiver_status.waiver, repository.values)}
            for waiver_status in waiver_matches.waiver_statuses
        ],
        "attestations": [attestation_document(one) for one in attested],
    }
    _write_json(document, out)
    return 0


@command.command("try", cls=Configured, epilog="\b\nExample:\n  perpend waivers try waivers/iam.yaml --store inventory")
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--store", "directory", cls=StoreOption, is_needed=True, help="The store with the history.")
@repository_option
@_day
@_form
@click.option("--out", metavar="FILE", type=click.Path(), help="Write to a file instead of standard output.")
def try_file(file: str, directory: str, repo: str | None, day: datetime | None, form: str, out: str | None) -> int:
    """Show the findings of a store that the waivers of FILE would cover, by policy and account."""
    from perpend.findings.waivers.match_history import tried
    from perpend.reports.formats.decisions import day_document
    from perpend.reports.terminal.history.decisions import print_waiver_matches

    path = Path(file)
    if not path.is_file():
        raise PerpendError(f"{visible(file)}: there is no such file")
    files = Files(path.resolve().parent)
    waivers = waivers_of(files, path.resolve().name)
    raise_faults(waivers.diagnostics, files, FOLDER)
    with _matched(waivers, open_repository_here(repo), directory, day) as (waiver_matches, connection):
        rows = tried(connection, waiver_matches) if connection is not None else []
    if form == "json":
        _write_json({**day_document(waiver_matches), "covered": rows}, out)
    else:
        with terminal(out) as console:
            print_waiver_matches(rows, waiver_matches, console)
    return 0


def _counts_in(directory: str | None) -> Mapping[str, Mapping[Status, int]]:
    """Return the newest counts of verdicts in a store's history, by policy; nothing if no store is named."""
    from perpend.findings.history.compliance import newest_counts_of

    return newest_counts_of(open_history(directory)) if directory is not None else {}


@contextmanager
def _matched(
    files: WaiverFiles, repository: Repository, directory: str | None, day: datetime | None
) -> Iterator[tuple[WaiverMatches, Connection | None]]:
    """Yield the matches of waivers on a day, and the connection to the history if a store is given."""
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.findings.waivers.status import DecisionDay, waiver_statuses_on

    named: date | None = day.astimezone(UTC).date() if day else None
    if directory is None:
        on = DecisionDay.of(named or datetime.now(UTC).date(), named=True)
        yield WaiverMatches(on, waiver_statuses_on(files, on, repository.policy_ids)), None
        return
    from perpend.findings.history.queries.views import asking
    from perpend.findings.waivers.entries import by_tags
    from perpend.findings.waivers.match_history import history_findings
    from perpend.findings.waivers.matches import match_waivers

    place = open_history(directory)
    with asking(place, tags=by_tags(files.waivers)) as connection:
        on = DecisionDay.of(named or day_of(place.head()), named=named is not None)
        yield match_waivers(connection, history_findings, files, repository.policy_ids, on), connection


def _write_json(document: Any, out: str | None) -> None:
    with output_stream(out) as stream:
        json.dump(document, stream, indent=1)
        stream.write("\n")
