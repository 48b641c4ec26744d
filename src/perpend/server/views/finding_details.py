"""Everything that a page says about one finding: its history, the steps to its verdict, its remediation, its waiver."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from perpend.authoring.scaffold.templates import waivers_text
from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.objects.identity import account_of_fields
from perpend.core.objects.inventory import Origin
from perpend.core.objects.status import Status
from perpend.core.values.values import in_utc
from perpend.evaluation.explain.steps import explain_verdict, explain_visible
from perpend.evaluation.verdicts.evaluation_time import EvaluationTime
from perpend.evaluation.verdicts.objects import stored_object_named, stored_object_with_accounts
from perpend.evaluation.verdicts.selection import program_named
from perpend.findings.history.past_values import with_values_of_run
from perpend.findings.history.queries.views import history_of_object
from perpend.findings.remediation.plans import object_plan
from perpend.findings.remediation.read import remedy_of
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName
from perpend.reports.formats.remediation import UnquotableWord, remedy_lines
from perpend.server.views.visible_object import visible_object

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.explain.steps import Explanation
    from perpend.findings.remediation.model import Remedy
    from perpend.findings.remediation.plans import RemediationPlan
    from perpend.findings.waivers.read import Waiver
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.program.program import Program
    from perpend.server.answers import FindingRow
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState

_WAIVED_DAYS: Final = 30

_NOT_HELD: Final = "the snapshot of the run does not hold this object, or not in an account that you may see"
OF_SEVERAL: Final = "a source of several accounts"
"""The name of a source that a reader does not see whole."""


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """A change of a finding in a run. ``event`` is None if only the verdict changed; ``before`` and ``after`` are statuses."""

    run: int
    time: datetime
    event: str | None
    cause: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Episode:
    """A time in which a finding was open. ``ending`` is its state at the end, None while it lasts."""

    number: int
    open_since: datetime
    ended_at: datetime | None
    last_known_at: datetime | None
    ending: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class FindingHistory:
    """The events of a finding and its episodes, the newest first."""

    events: tuple[FindingEvent, ...] = ()
    episodes: tuple[Episode, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation of a finding, and for an incompliant object the plan to fix it, with its ``commands``.

    ``guide`` is the text of ``remediation.md``.
    """

    explanation: Explanation
    plan: RemediationPlan | None
    commands: str
    guide: str


def history_of_finding(state: RunState, row: FindingRow) -> FindingHistory:
    """Return the events and episodes of a finding."""
    of_events = "SELECT run, time, event, cause, before, after FROM event WHERE finding_id = ? ORDER BY run DESC"
    of_episodes = (
        "SELECT episode, open_since, ended_at, last_known_at, ending, cause FROM episode WHERE finding_id = ? "
        "ORDER BY episode DESC"
    )
    with history_of_object(state.history, row.object_id, "event", "episode") as connection:
        events = connection.execute(of_events, [row.finding_id]).fetchall()
        episodes = connection.execute(of_episodes, [row.finding_id]).fetchall()
    return FindingHistory(tuple(FindingEvent(*event) for event in events), tuple(Episode(*episode) for episode in episodes))


def explained_finding(state: RunState, row: FindingRow, scope: ReaderScope) -> Explained:
    """Return the explanation of a finding by today's policies, and the plan to fix it.

    The snapshot and the values of parameters are those of the run.

    Values of objects that the reader may not see are withheld. Raises PerpendError if the snapshot is no longer stored, or has
    no such object that the reader may see, or the repository has no such policy.
    """
    analyzer = Analyzer(with_values_of_run(state.repository, state.head, state.run.number))
    program = program_named(analyzer, row.policy_id)
    remedy = remedy_of(analyzer.repository, row.policy_id).value
    paths = [value.path for value in remedy.values] if remedy else ()
    with open_store(str(state.history.store)).reading(state.run.snapshot) as snapshot:
        object_, visible = read_for_reader(snapshot, analyzer, program, row.object_id, paths, scope)
    day = EvaluationTime(in_utc(datetime.fromisoformat(state.run.time)), assumed=state.run.assumed)
    if visible is None:
        explanation = explain_verdict(analyzer, program, object_, day=day)
    else:
        explanation = explain_visible(analyzer, program, object_, visible, day=day)
    plan = _plan(explanation, row.type_label, remedy)
    commands = ""
    if plan is not None and plan.remedy is not None:
        try:
            commands = "".join(remedy_lines(plan.remedy, plan.account))
        except UnquotableWord as error:
            raise PerpendError(str(error)) from None
    return Explained(explanation, plan, commands, analyzer.repository.text(f"{row.policy_id[1:]}/remediation.md"))


def read_for_reader(
    snapshot: Snapshot, analyzer: Analyzer, program: Program, object_id: str, paths: Iterable[str], scope: ReaderScope
) -> tuple[CloudObject, CloudObject | None]:
    """Return an object, and for a reader of some accounts the same object as far as the reader may see it.

    The name of a source with other accounts may be one of theirs.
    """
    object_type = analyzer.object_type(program.input_type)
    if scope.is_all:
        return stored_object_named(snapshot, program, object_type, object_id, paths=paths, type_of=analyzer.object_type), None
    try:
        object_ = stored_object_with_accounts(snapshot, program, object_type, object_id, analyzer.object_type, paths=paths)
    except UnknownName:  # it proposes names of other objects
        raise PerpendError(_NOT_HELD) from None
    readings = (object_, *object_.variants)
    named = {account for reading in readings if (account := account_of_fields(reading.fields, object_type))}
    # An object may have had its Id before in another account, and sources may contradict each other about its account.
    if object_.id != object_id or not all(map(scope.sees, {object_.account, *named})):
        raise PerpendError(_NOT_HELD)
    hidden = {source.name for source in snapshot.sources if not (source.accounts and all(map(scope.sees, source.accounts)))}
    first, *others = (
        reading._replace(origin=Origin(OF_SEVERAL)) if reading.origin.source in hidden else reading for reading in readings
    )
    return object_, visible_object(first._replace(variants=tuple(others)), object_type, scope, analyzer.object_type)


def _plan(explanation: Explanation, type_label: str, remedy: Remedy | None) -> RemediationPlan | None:
    finding = explanation.finding
    if finding.status is not Status.INCOMPLIANT:
        return None
    message, guide = finding.current_state_message, finding.remediation_message or ""
    return object_plan(explanation.policy, type_label, finding.object, message, guide, remedy)


def waiver_of_finding(state: RunState, row: FindingRow) -> Waiver | None:
    """Return the waiver that covers a finding."""
    return next((waiver for waiver in state.waivers.files.waivers if waiver.id == row.waiver), None)


def waiver_name(row: FindingRow) -> str:
    """Return the name of a new waiver of one finding."""
    return f"{row.policy_id.rpartition('/')[2][:60]}-{row.finding_id[:8]}"


def waiver_entry(state: RunState, row: FindingRow, today: date) -> str:
    """Return the text of a file with a waiver of one finding, with its limit and last day.

    It has the values of parameters of the run.
    """
    values = state.head.values_in(row.policy_id, state.run.number)
    last = (today + timedelta(days=_WAIVED_DAYS)).isoformat()
    return waivers_text(waiver_name(row), row.policy_id, row.external_id or row.object_id, last, values)
