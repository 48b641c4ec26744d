"""A judged snapshot handed to its store's history, and what is told of it; a history that cannot be written is no verdict."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from perpend.cli.config.configuration import is_address
from perpend.core.diagnostics.directories import no_directory
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import Severity
from perpend.core.diagnostics.plural import counted
from perpend.core.errors import PerpendError
from perpend.findings.history.model import in_words
from perpend.language.syntax.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import RecordedRatings
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.history.write.commit import Committed
    from perpend.findings.history.write.evaluated_run import Again, EvaluatedRun, EvaluatedType
    from perpend.inventory.snapshots.queries.views import MoreViews
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository

NOT_AWAY: Final = "a history is kept by stores in directories only"
"""What is said of a store on object storage."""

_MOST_LOST = 5

store_option = click.option(
    "--store", "directory", required=True, metavar="DIR", type=click.Path(), help="The store whose history is asked."
)


def keep_history(
    snapshot: Snapshot, evaluation: Evaluation, repository: Repository, ratings: RecordedRatings | None = None
) -> None:
    """Commit a judgement of a store's snapshot to the store's history, and say on standard error what is odd about it.

    A history that cannot be written is told, and changes nothing else: verdicts are what they are.
    """
    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.history.write.commit import commit_run

    place = HistoryStorage(snapshot.directory)
    try:
        _refuse_renames(repository)
        committed = commit_run(place, replace(evaluated_run(snapshot, evaluation, repository), ratings=ratings))
        _tell_lost(place, repository)
    except (PerpendError, OSError) as error:
        reason = str(error) if isinstance(error, PerpendError) else (error.strerror or str(error)).lower()
        click.echo(f"perpend: not kept in the history: {visible(reason)}", err=True)
        return
    if committed is not None:
        _tell(committed)


@contextmanager
def kept_behind(
    snapshot: Snapshot, evaluation: Evaluation, repository: Repository | None, ratings: RecordedRatings | None
) -> Iterator[None]:
    """Keep a judgement behind its report: also where whoever reads that leaves early, or it cannot be written.

    Without a repository nothing is kept.
    """
    try:
        yield
    except (OSError, PerpendError):
        if repository is not None:
            keep_history(snapshot, evaluation, repository, ratings)
        raise
    if repository is not None:
        keep_history(snapshot, evaluation, repository, ratings)


def _refuse_renames(repository: Repository) -> None:
    """Raise PerpendError where `renames.yaml` cannot be relied on: what was renamed would begin anew, for ever."""
    for problem in repository.renames.diagnostics:
        if problem.severity is Severity.ERROR:
            raise PerpendError(f"{problem.span.path}:{problem.span.line}: {problem.message}")


def evaluated_run(snapshot: Snapshot, evaluation: Evaluation, repository: Repository) -> EvaluatedRun:
    """Return a judgement of a stored snapshot as a history takes it."""
    from perpend.evaluation.planner.cached_columns import SEMANTICS
    from perpend.evaluation.verdicts.stores.re_evaluate import re_evaluate
    from perpend.findings.history.write.evaluated_run import EvaluatedRun
    from perpend.inventory.snapshots.store import Store
    from perpend.language.syntax.companions.renames import Renames
    from perpend.version import __version__

    renames = repository.renames.value or Renames()
    store = Store(snapshot.directory)

    def again(question: Again) -> bool:
        return re_evaluate(store, question.snapshot, question.programs, question.time, question.out)

    return EvaluatedRun(
        snapshot,
        evaluation.day.time,
        f"perpend {__version__}, semantics {SEMANTICS}",
        _types_of(evaluation),
        evaluation.day.assumed,
        renames.former,
        renames.retired,
        again,
    )


def _types_of(evaluation: Evaluation) -> list[EvaluatedType]:
    from perpend.core.objects.object_types import ObjectType
    from perpend.evaluation.verdicts.stores.parquet_verdicts import ParquetVerdicts
    from perpend.findings.history.write.evaluated_run import EvaluatedType

    selection = evaluation.selection
    files = {column.program.input_type: column.files for column in evaluation.verdicts if isinstance(column, ParquetVerdicts)}
    by_type = selection.by_type()
    absent: dict[str, list[str]] = {}
    for policy_id, type_name in selection.absent.items():
        absent.setdefault(type_name, []).append(policy_id)
    return [
        EvaluatedType(
            selection.types.get(name) or ObjectType(name), by_type.get(name, ()), files.get(name), absent.get(name, ())
        )
        for name in dict.fromkeys((*by_type, *absent))
    ]


def _tell(committed: Committed) -> None:
    for account in committed.late[:_MOST_LOST]:
        where = f"account {visible(account)}" if account else "objects without an account"
        click.echo(f"perpend: history: {where} was looked at later before: what was seen then stays", err=True)
    if more := len(committed.late) - _MOST_LOST:
        click.echo(f"perpend: history: likewise {counted(more, 'account')} more", err=True) if more > 0 else None
    if committed.events and not committed.is_first:
        told = ", ".join(f"{number:,} {in_words(event)}" for event, number in committed.events.items())
        click.echo(f"perpend: since the last run: {told} (perpend diff)", err=True)


def _tell_lost(place: HistoryStorage, repository: Repository) -> None:
    """Say which policies the history knows and the repository has no more: nobody said what became of them."""
    from perpend.findings.history.write.policies import means_the_same, policies_lost
    from perpend.language.syntax.companions.renames import Renames

    renames = repository.renames.value or Renames()
    head, known = place.head(), set(repository.policy_ids)
    lost = policies_lost(head, known, renames.former, renames.retired)
    new = sorted(known - {policy.policy_id for policy in head.policies if policy.first_run < head.runs[-1].number})
    for policy in lost[:_MOST_LOST]:
        same = means_the_same(head, policy, known)
        near = nearest(policy.policy_id, new, ()) if same is None else f"{visible(same)} means the same"
        click.echo(
            f"perpend: history: the repository has no policy {visible(policy.policy_id)} any more: say in renames.yaml what it "
            f"is called now, or that it is retired{f' ({near})' if near else ''}",
            err=True,
        )


def place_of(directory: str) -> HistoryStorage:
    """Return the history of a store. Raises PerpendError where there is none."""
    from perpend.findings.history.manifest import HEAD
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.files import is_there

    if is_address(directory):
        raise PerpendError(f"{visible(directory)}: {NOT_AWAY}")
    place = HistoryStorage(directory)
    if not is_there(place.directory / HEAD):
        shown = visible(directory)
        if wrong := no_directory(directory):
            raise PerpendError(f"{shown}: {wrong}; `perpend import` makes one")
        raise PerpendError(f"{shown}: has no history yet; `perpend check --store {shown}` begins one")
    return place


def views_beside(directory: str, question: str, repo: str | None) -> MoreViews:
    """Return the views of a store's history that a question could mean; none of a history that it does not name."""
    from perpend.cli.options.repository import repository_here
    from perpend.findings.history.queries.views import history_views
    from perpend.findings.history.storage import HistoryStorage
    from perpend.inventory.snapshots.queries.labels import BESIDE
    from perpend.inventory.snapshots.queries.views import MoreViews

    words = set(re.findall(r"\w+", question.casefold()))
    if not words & BESIDE:
        return MoreViews()
    place = HistoryStorage(directory)
    views = history_views(place)
    if not views.statements:
        return views
    more: list[str] = []
    if "scorecard" in words:
        from perpend.cli.options.history.compliance import scorecard_view

        more.append(scorecard_view(place, repository_here(repo)))
    if words & {"waiver", "waived"}:
        from perpend.cli.options.waivers import waiver_views

        more += waiver_views(place, repository_here(repo))
    if "policy_output" in words:
        from perpend.findings.history.queries.latest_verdicts import policy_output_statement

        more.append(policy_output_statement(place))
    return replace(views, statements=(*views.statements, *more))
