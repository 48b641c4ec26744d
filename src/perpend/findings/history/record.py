"""Record an evaluated snapshot in the history of its store."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.model import Severity
from perpend.core.diagnostics.phrases import counted, nearest
from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import ObjectType
from perpend.evaluation.planner.cached_columns import SEMANTICS
from perpend.evaluation.verdicts.stores.evaluate_snapshot import re_evaluate
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write.commit import commit_run
from perpend.findings.history.write.evaluated_run import EvaluatedRun, EvaluatedType
from perpend.findings.history.write.policies import means_the_same, policies_lost
from perpend.inventory.snapshots.store import Store
from perpend.language.syntax.renames import Renames
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.findings.history.manifest import RecordedRatings
    from perpend.findings.history.write.evaluated_run import ReevaluationRequest
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository

_MOST_NAMED: Final = 5
"""The number of accounts, and of policies, that warnings name."""


@dataclass(frozen=True, slots=True)
class RunChanges:
    """The result of recording a run: the number of each event since the last run, and warnings."""

    events: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def record_run(
    snapshot: Snapshot,
    evaluation: Evaluation,
    repository: Repository,
    ratings: RecordedRatings | None = None,
    *,
    configuration: str | None = None,
) -> RunChanges:
    """Record the evaluation of a store's snapshot in the store's history, and return the changes since the last run.

    ``configuration`` is the absolute path of the configuration file that was used.

    The first run, and one that equals the last run, has no changes. Raises PerpendError or OSError if the run cannot be
    recorded; the history is unchanged then.
    """
    place = HistoryStorage(snapshot.directory)
    _check_renames(repository)
    run = replace(evaluated_run(snapshot, evaluation, repository), ratings=ratings, configuration=configuration)
    committed = commit_run(place, run)
    warnings = [*_lost_policies(place, repository)]
    if committed is None:
        return RunChanges(warnings=tuple(warnings))
    return RunChanges({} if committed.is_first else committed.events, (*warnings, *_late(committed.late)))


def _check_renames(repository: Repository) -> None:
    """Raise PerpendError if ``renames.yaml`` has errors: renamed policies would start new findings, for ever."""
    for problem in repository.renames.diagnostics:
        if problem.severity is Severity.ERROR:
            raise PerpendError(f"{problem.span.path}:{problem.span.line}: {problem.message}")


def evaluated_run(snapshot: Snapshot, evaluation: Evaluation, repository: Repository) -> EvaluatedRun:
    """Return the evaluation of a stored snapshot as ``commit_run`` takes it."""
    renames = repository.renames.value or Renames()
    store = Store(snapshot.directory)

    def reevaluate(question: ReevaluationRequest) -> bool:
        return re_evaluate(store, question.snapshot, question.programs, question.time, question.out)

    return EvaluatedRun(
        snapshot,
        evaluation.day.time,
        f"perpend {__version__}, semantics {SEMANTICS}",
        _types_of(evaluation),
        evaluation.day.assumed,
        renames.former,
        renames.retired,
        reevaluate,
        type_named=evaluation.selection.types.get,
    )


def _types_of(evaluation: Evaluation) -> list[EvaluatedType]:
    selection = evaluation.selection
    files = {column.program.input_type: column.files for column in evaluation.verdicts}
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


def _late(accounts: Sequence[str]) -> Iterator[str]:
    for account in accounts[:_MOST_NAMED]:
        if account:
            yield f"account {visible(account)} already has a newer run; its findings are unchanged"
        else:
            yield "objects without an account already have a newer run; their findings are unchanged"
    if (more := len(accounts) - _MOST_NAMED) > 0:
        yield f"{counted(more, 'more account')} already {'has' if more == 1 else 'have'} a newer run"


def _lost_policies(place: HistoryStorage, repository: Repository) -> Iterator[str]:
    """Yield a warning for each policy of the history that the repository neither has nor lists as renamed or retired."""
    renames = repository.renames.value or Renames()
    head, known = place.head(), set(repository.policy_ids)
    lost = policies_lost(head, known, renames.former, renames.retired)
    new = sorted(known - {policy.policy_id for policy in head.policies if policy.first_run < head.runs[-1].number})
    for policy in lost[:_MOST_NAMED]:
        same = means_the_same(head, policy, known)
        near = nearest(policy.policy_id, new, ()) if same is None else f"{visible(same)} means the same"
        yield (
            f"the repository no longer has policy {visible(policy.policy_id)}: add it to renames.yaml, as renamed or as retired"
            f"{f' ({near})' if near else ''}"
        )
