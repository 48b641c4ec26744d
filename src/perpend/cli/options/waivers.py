"""The options ``--waivers`` and ``--no-waivers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from perpend.core.diagnostics.warn import diagnostic_lines
from perpend.findings.waivers.active import ActiveWaivers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.findings.history.storage import HistoryStorage
    from perpend.language.syntax.repository import Repository

    Command = TypeVar("Command", bound=Callable[..., Any])

_WAIVER_COLUMNS: Final = "id, force, kind, owner, approved_by, reason, ticket, begins, until, most, file, line, covers, waives"


def _one_of_both(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return the value. Raise UsageError if --waivers and --no-waivers are both given on the command line."""
    if value:
        context.meta.setdefault(__name__, set()).add((parameter.name, context.get_parameter_source(parameter.name or "")))
        if context.meta[__name__] >= {(name, ParameterSource.COMMANDLINE) for name in ("waivers_dir", "no_waivers")}:
            raise click.UsageError("--waivers and --no-waivers exclude each other", context)
    return value


waivers_option = click.option(
    "--waivers",
    "waivers_dir",
    metavar="DIR",
    type=click.Path(),
    callback=_one_of_both,
    help="Read waivers from this directory. Default: `waivers` in the repository.",
)
_no_waivers_option: Final = click.option(
    "--no-waivers", is_flag=True, callback=_one_of_both, help="Ignore all waivers and attestations."
)


def waiver_options(command: Command) -> Command:
    """Add ``--waivers`` and ``--no-waivers``."""
    return waivers_option(_no_waivers_option(command))


def waiver_views(place: HistoryStorage, repository: Repository) -> list[str]:
    """Return the SQL statements of the views ``waiver`` and ``waived``.

    They are as of the day of the newest run. Waivers that have ended since then match nothing.
    """
    from perpend.findings.history.queries.rows import rows_statement
    from perpend.findings.history.queries.views import asking
    from perpend.findings.waivers.match_history import waived_statement
    from perpend.reports.formats.decisions import waiver_document

    waiving = ActiveWaivers.here(repository, None, none=False)
    with asking(place, "finding", tags=waiving.by_tags) as connection:
        waiver_matches = waiving.covered_findings(connection, place.head())
        waived = waived_statement(connection)
    documents = [waiver_document(waiver_status, waiver_matches) for waiver_status in waiver_matches.waiver_statuses]
    rows = [tuple(document.values()) for document in documents] or [(None,) * len(_WAIVER_COLUMNS.split())]
    return [rows_statement("waiver", _WAIVER_COLUMNS, rows, is_row="id IS NOT NULL"), waived]


def print_diagnostics(diagnostics: Collection[Diagnostic]) -> int:
    """Print the diagnostics of ``waivers lint`` or ``severity lint``. Return the exit code."""
    for line in diagnostic_lines(diagnostics) or ["no problems found"]:
        click.echo(line)
    return int(bool(diagnostics))
