"""Sum up one evaluated run: scope, totals, severities, services, the policies to fix first, and the calls that failed.

The terminal, the HTML report and servers show this one model, so that their numbers are equal. Verdicts are counted in SQL.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perpend.collectors.registry import load
from perpend.core.clouds.registry import cloud_of_type, collected_clouds, is_account_type
from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import NOT_ASKED, Scope
from perpend.core.objects.ids import is_production
from perpend.core.objects.inventory import accounts_read_with
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW
from perpend.findings.severity.effective import EffectiveRatings
from perpend.findings.severity.levels import LEVELS, severity_order
from perpend.inventory.snapshots.database import opened, rows_of, text, translate_errors, unions
from perpend.language.program.required_columns import fields_by_type
from perpend.reports.formats.planned import planned_objects, with_address
from perpend.reports.formats.subjects import with_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from perpend.core.objects.account import Account
    from perpend.core.objects.claims import FailedCall
    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.severity.levels import SeverityLevel
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.syntax.repository import Repository

Key = TypeVar("Key")

FIX_FIRST: Final = 5
"""The number of policies to fix first."""

NAMED: Final = 2
"""The number of objects that are named for each of them."""

_DENIED: Final = "denied"
"""How the refusals of denied calls begin."""

_DECIDED: Final = "perpend_decided"
"""The table of the verdicts that waivers or shifts of severity change."""

_COLUMNS: Final = "policy_id VARCHAR, status VARCHAR, place BIGINT, waived BOOLEAN, steps INTEGER"


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """The numbers of failing and of unknown verdicts. Failing verdicts are INCOMPLIANT and not waived."""

    failing: int = 0
    unknown: int = 0

    def plus(self, other: OpenCounts) -> OpenCounts:
        """Return the sums."""
        return OpenCounts(self.failing + other.failing, self.unknown + other.unknown)


@dataclass(frozen=True, slots=True)
class PolicyCounts:
    """The failing and unknown verdicts of a policy that have one severity. ``level`` is None if the policy is not rated."""

    policy_id: str
    title: str
    service: str
    level: SeverityLevel | None
    counts: OpenCounts


def by_severity(rows: Iterable[PolicyCounts]) -> tuple[tuple[SeverityLevel | None, OpenCounts], ...]:
    """Return the numbers of each level that occurs, the most severe first; unrated ones come last."""
    levels = _summed((row.level, row.counts) for row in rows)
    return tuple((level, levels[level]) for level in (*reversed(LEVELS), None) if level in levels)


def by_service(rows: Iterable[PolicyCounts]) -> tuple[tuple[str, OpenCounts], ...]:
    """Return the numbers of each service that occurs, the largest first."""
    services = _summed((row.service, row.counts) for row in rows)
    return tuple(sorted(services.items(), key=lambda one: (-one[1].failing, -one[1].unknown, one[0])))


def failing_first(rows: Iterable[PolicyCounts]) -> list[PolicyCounts]:
    """Return the policies with failing verdicts by severity, the most important first: the order in which to fix them."""
    failing = [row for row in rows if row.counts.failing]
    return sorted(failing, key=lambda row: (severity_order(row.level, row.counts.failing, row.title), row.policy_id))


@dataclass(frozen=True, slots=True)
class FailingObject:
    """An object that fails a policy. ``account`` and ``region`` are None if they are not known."""

    object: CloudObject
    account: str | None = None
    region: str | None = None

    @property
    def name(self) -> str:
        """The name that people gave it, else its id; an account is named by its number."""
        if is_account_type(self.object.type_name):
            return f"account {self.object.id}"
        return self.object.name or self.object.id


@dataclass(frozen=True, slots=True)
class FailingPolicy:
    """A policy with failing verdicts of one severity, and the first of their objects. ``level`` is None if it is not rated."""

    policy_id: str
    title: str
    level: SeverityLevel | None
    failing: int
    objects: tuple[FailingObject, ...] = ()


@dataclass(frozen=True, slots=True)
class NeededCall:
    """Calls of one kind that failed in the same way, with their regions or accounts.

    ``verdicts`` is the number of unknown verdicts of the policies that need the call there. ``accounts`` and ``regions`` are
    the numbers of these.
    """

    label: str
    refusal: str
    code: str
    places: tuple[str, ...]
    calls: int
    verdicts: int
    accounts: int = 1
    regions: int = 0

    @property
    def is_denied(self) -> bool:
        """Whether a permission was lacking, or a policy of the organization forbids the call."""
        return is_denied(self.refusal)


@dataclass(frozen=True, slots=True)
class UnknownCauses:
    """The unknown verdicts that a report shows, by cause: each is counted once, at the first cause that holds.

    They need a ``denied`` call, one that ``failed`` otherwise, or objects that the collection did not ask for. ``other`` have
    causes in the data that was read.
    """

    denied: int = 0
    failed: int = 0
    not_evaluated: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """The number of unknown verdicts."""
        return self.denied + self.failed + self.not_evaluated + self.other


@dataclass(frozen=True, slots=True)
class Overview:
    """The summary of one run.

    ``policies`` of the repository's ``all_policies`` were evaluated on ``objects``; ``without_objects`` is the number of chosen
    policies that found none. ``counts`` are the verdicts by status, ``waived`` those by INCOMPLIANT and UNDETERMINED. If a
    filter hides verdicts, ``filter`` has its words, and severities, services and policies count the others. ``to_fix`` are the
    first of ``failing_policies``.
    ``severity_note`` is the footnote on severities, empty if the library's defaults are not used.
    """

    accounts: tuple[str, ...]
    time: datetime
    objects: int
    policies: int
    all_policies: int
    without_objects: int
    frameworks: tuple[str, ...]
    filter: str
    counts: Mapping[Status, int]
    waived: Mapping[Status, int]
    severities: tuple[tuple[SeverityLevel | None, OpenCounts], ...]
    services: tuple[tuple[str, OpenCounts], ...]
    to_fix: tuple[FailingPolicy, ...]
    failing_policies: int
    unread: tuple[NeededCall, ...] = ()
    unread_verdicts: int = 0
    unknown_causes: UnknownCauses = UnknownCauses()
    severity_note: str = ""

    @property
    def compliant(self) -> int:
        """The number of compliant verdicts."""
        return self.counts[Status.COMPLIANT]

    @property
    def failing(self) -> int:
        """The number of verdicts that are INCOMPLIANT and not waived."""
        return self.counts[Status.INCOMPLIANT] - self.waived.get(Status.INCOMPLIANT, 0)

    @property
    def unknown(self) -> int:
        """The number of undetermined verdicts, waived or not."""
        return self.counts[Status.UNDETERMINED]

    @property
    def known(self) -> int:
        """The number of verdicts that are known to be compliant or not: the score is the compliant part of these."""
        return self.compliant + self.counts[Status.INCOMPLIANT]

    @property
    def applicable(self) -> int:
        """The number of known and unknown verdicts, without those that do not apply or whose objects disappeared."""
        return self.known + self.unknown


def overview_of(
    evaluation: Evaluation,
    repository: Repository,
    *,
    calls: Sequence[FailedCall] = (),
    waivers: WaiverMatches | None = None,
    rated: RatedEvaluation | None = None,
    accounts: Mapping[str, Account] | None = None,
    most: int = FIX_FIRST,
) -> Overview:
    """Return the summary of a run.

    ``calls`` are the failed calls of its snapshot, ``accounts`` the configured accounts.
    """
    counted = _Counted(evaluation, rated.in_force if rated else EffectiveRatings(), waivers)
    with ExitStack() as stack:
        if evaluation.verdicts:
            stack.enter_context(translate_errors(evaluation.verdicts[0].table[0].parent))
            connection = evaluation.verdicts[0].objects.connection
        else:
            connection = stack.enter_context(opened())
        counted.count(connection, evaluation.shown)
        rows = counted.rows(repository)
        groups = [FailingPolicy(row.policy_id, row.title, row.level, row.counts.failing) for row in failing_first(rows)]
        to_fix = counted.with_objects(connection, groups[:most])
        unread, causes = _unread(connection, evaluation, calls)
    names = {number: account.name for number, account in (accounts or {}).items() if account.name}
    to_fix = [replace(one, objects=tuple(_with_account_name(object_, names) for object_ in one.objects)) for one in to_fix]
    numbers = {number for source in evaluation.inventory.sources for number in source.accounts}
    selection = evaluation.selection
    return Overview(
        tuple(with_name(number, accounts or {}) for number in sorted(numbers)),
        evaluation.day.time,
        evaluation.ledger.objects,
        len({program.policy_id for program in evaluation.programs}),
        sum(map(is_production, repository.logic_ids)),
        len(selection.absent) + sum(not len(evaluation.objects_of(program.input_type)) for program in evaluation.programs),
        tuple(framework.name or framework.id for framework in selection.frameworks),
        evaluation.filter_verdicts.text if evaluation.filter_verdicts else "",
        evaluation.ledger.counts,
        {status: waivers.number(status) for status in (Status.INCOMPLIANT, Status.UNDETERMINED)} if waivers else {},
        by_severity(rows),
        by_service(rows),
        tuple(to_fix),
        len(groups),
        unread,
        causes.denied + causes.failed,
        causes,
        counted.ratings.note(policy_id for policy_id, _ in counted.numbers),
    )


def are_of_several_clouds(type_names: Iterable[str]) -> bool:
    """Whether object types belong to more than one cloud."""
    return len({cloud.name for type_name in type_names if (cloud := cloud_of_type(type_name))}) > 1


def service_of(repository: Repository, policy_id: str, type_name: str | None = None) -> str:
    """Return the service of a policy: the short name of the folder that holds it, as the site shows it.

    With the policy's input type, the title of its cloud comes first: clouds have services of the same name.
    """
    folder = policy_id.rpartition("/")[0]
    document = repository.folder(folder).value if f"{folder[1:]}/folder.yaml" in repository.tree.files else None
    service = (document.names.contextual or document.names.full if document else "") or folder.rpartition("/")[2] or policy_id
    cloud = cloud_of_type(type_name) if type_name else None
    return f"{cloud.title} {service}" if cloud else service


@dataclass(slots=True)
class _Counted:
    """The failing and unknown verdicts that a report shows, by policy and by steps from the policy's rating."""

    evaluation: Evaluation
    ratings: EffectiveRatings
    waivers: WaiverMatches | None
    columns: dict[str, list[Verdicts]] = field(default_factory=dict)
    numbers: dict[tuple[str, int], OpenCounts] = field(default_factory=dict)

    def count(self, connection: Connection, columns: Sequence[Verdicts]) -> None:
        """Count the verdicts of all policies."""
        for column in columns:
            self.columns.setdefault(column.program.policy_id, []).append(column)
            by_status: Counter[Status] = Counter()
            for index, number in column.counted().items():
                by_status[column.program.verdicts[index].status] += number
            self._add(column.program.policy_id, 0, by_status[Status.INCOMPLIANT], by_status[Status.UNDETERMINED])
        for policy_id, status, waived, steps, number in self._decided(connection):
            is_unknown = status == Status.UNDETERMINED
            if steps or not is_unknown:
                self._add(policy_id, 0, *((0, -number) if is_unknown else (-number, 0)))
            if steps and is_unknown:
                self._add(policy_id, steps, 0, number)
            elif not is_unknown and not waived:
                self._add(policy_id, steps, number, 0)

    def rows(self, repository: Repository) -> list[PolicyCounts]:
        """Return the numbers of each policy by severity."""
        policies = self.evaluation.selection.policies
        types = {policy_id: columns[0].program.input_type for policy_id, columns in self.columns.items()}
        shown_types = types if are_of_several_clouds(types.values()) else {}
        by_level = _summed(
            ((policy_id, self._level(policy_id, steps)), one) for (policy_id, steps), one in self.numbers.items()
        )
        return [
            PolicyCounts(
                policy_id,
                policies[policy_id].contextual_name,
                service_of(repository, policy_id, shown_types.get(policy_id)),
                level,
                counts,
            )
            for (policy_id, level), counts in by_level.items()
        ]

    def with_objects(self, connection: Connection, groups: Sequence[FailingPolicy]) -> list[FailingPolicy]:
        """Return groups with the first of their objects. The objects of one type are read together."""
        wanted = [
            (group, column, query)
            for group in groups
            for column in self.columns[group.policy_id]
            if (query := self._places_query(column, self._steps(group)))
        ]
        places: dict[FailingPolicy, list[tuple[str, int]]] = {group: [] for group in groups}
        queries = (f"SELECT {number} AS wanted, ({query}) AS places" for number, (*_, query) in enumerate(wanted))
        for statement in unions(queries):
            for number, first in rows_of(connection, statement):
                group, column, _ = wanted[number]
                places[group] += [(column.program.input_type, place) for place in first or ()]
        places = {group: listed[:NAMED] for group, listed in places.items()}
        objects: dict[tuple[str, int], FailingObject] = {}
        planned = planned_objects(self.evaluation)
        for type_name in dict.fromkeys(name for listed in places.values() for name, _ in listed):
            stored = next(column.objects for column in self.evaluation.verdicts if column.program.input_type == type_name)
            of_type = {place for listed in places.values() for name, place in listed if name == type_name}
            for place, object_ in stored.at(of_type).items():
                objects[type_name, place] = FailingObject(with_address(object_, planned), object_.account, object_.region)
        return [replace(group, objects=tuple(objects[one] for one in listed)) for group, listed in places.items()]

    def _add(self, policy_id: str, steps: int, failing: int, unknown: int) -> None:
        key = policy_id, steps
        self.numbers[key] = self.numbers.get(key, OpenCounts()).plus(OpenCounts(failing, unknown))

    def _level(self, policy_id: str, steps: int) -> SeverityLevel | None:
        rating = self.ratings.of(policy_id, steps)
        return rating.level if rating else None

    def _decided(self, connection: Connection) -> list[tuple[Any, ...]]:
        """Fill the table of verdicts that waivers or shifts change; return their numbers."""
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_DECIDED} ({_COLUMNS})")
        waiver_statuses = self.waivers.waiver_statuses if self.waivers else ()
        if not waiver_statuses and not self.ratings.shifts:
            return []
        from perpend.findings.severity.adjustments import SHIFTED, shift_candidates
        from perpend.findings.waivers.matches import CANDIDATES, covered_query, fill_candidates, match
        from perpend.findings.waivers.run_findings import run_findings
        from perpend.findings.waivers.status import Force

        in_force = [place for place, waiver_status in enumerate(waiver_statuses) if waiver_status.force is Force.IN_FORCE]
        policies = {policy for place in in_force for policy in waiver_statuses[place].policies}
        policies |= {policy for shift in self.ratings.shifts for policy in shift.policies_read}
        shown = replace(self.evaluation, verdicts=self.evaluation.shown)
        fill_candidates(connection, run_findings(shown, policies))
        match(connection, waiver_statuses)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE perpend_waived_here AS {covered_query(in_force)}")
        shift_candidates(connection, self.ratings.shifts)
        connection.execute(
            f"INSERT INTO {_DECIDED} SELECT c.policy_id, c.status, c.key % {2**32}, w.candidate IS NOT NULL, "
            f"coalesce(s.steps, 0) FROM {CANDIDATES} AS c "
            "LEFT JOIN perpend_waived_here AS w ON w.candidate = c.rowid "
            f"LEFT JOIN {SHIFTED} AS s ON s.candidate = c.rowid WHERE w.candidate IS NOT NULL OR s.steps IS NOT NULL"
        )
        return rows_of(connection, f"SELECT policy_id, status, waived, steps, count(*) FROM {_DECIDED} GROUP BY ALL")

    def _steps(self, group: FailingPolicy) -> list[int]:
        """Return the shifts of severity that give a policy the severity of a group."""
        of_policy = [steps for policy_id, steps in self.numbers if policy_id == group.policy_id]
        return [steps for steps in of_policy if self._level(group.policy_id, steps) is group.level]

    def _places_query(self, column: Verdicts, steps: Collection[int]) -> str:
        """Return the query for the places of the first failing objects of a policy whose severity has one of some shifts.

        It is empty if no verdict of the policy fails.
        """
        program = column.program
        indexes = [index for index, verdict in program.verdicts.items() if verdict.status is Status.INCOMPLIANT]
        if not indexes:
            return ""
        policy, status = text(program.policy_id), text(Status.INCOMPLIANT.value)
        decided = f"SELECT place FROM {_DECIDED} WHERE policy_id = {policy} AND status = {status} AND"
        listed = ", ".join(map(str, steps))
        is_wanted = f"{ROW} IN ({decided} NOT waived AND steps IN ({listed}))"
        if 0 in steps:
            is_wanted = f"({is_wanted} OR {ROW} NOT IN ({decided} true))"
        return (
            f"SELECT min({ROW}, {NAMED}) FROM {column.files.relation} "
            f"WHERE greatest(v{column.number}, 0) IN ({', '.join(map(str, indexes))}) AND {is_wanted}"
        )


def _summed(counts: Iterable[tuple[Key, OpenCounts]]) -> dict[Key, OpenCounts]:
    """Return the sums by key, without keys that have neither failing nor unknown verdicts."""
    sums: dict[Key, OpenCounts] = {}
    for key, number in counts:
        sums[key] = sums.get(key, OpenCounts()).plus(number)
    return {key: one for key, one in sums.items() if one.failing or one.unknown}


def _with_account_name(failing: FailingObject, names: Mapping[str, str]) -> FailingObject:
    """Return an object with the configured name of its account instead of the number."""
    return replace(failing, account=names.get(failing.account or "", failing.account))


def is_denied(refusal: str) -> bool:
    """Whether a call was refused for lack of a permission, by a policy of the account or of the organization."""
    return refusal.startswith(_DENIED)


def _unread(
    connection: Connection, evaluation: Evaluation, calls: Sequence[FailedCall]
) -> tuple[tuple[NeededCall, ...], UnknownCauses]:
    """Return the failed calls by permission and failure, and the causes of the unknown verdicts.

    A verdict needs a call if its policy reads a field that the call serves, and its object is in an account that the call reads
    and in its region.
    Without failed calls, and if the collection asked for everything, no cause is counted.
    """
    needing = _policies_by_label(evaluation, {call.label for call in calls})
    left_out = _LeftOut.of(evaluation)
    sources = evaluation.inventory.sources
    read_with = {account: accounts_read_with(account, sources) for account in {call.account for call in calls}}
    unknown: list[tuple[Any, ...]] = []
    if calls or left_out.claims:
        from perpend.findings.waivers.run_findings import run_findings

        shown = replace(evaluation, verdicts=evaluation.shown)
        policies = {program.policy_id for program in evaluation.programs}
        candidates = run_findings(shown, policies, (Status.UNDETERMINED,))
        unknown = rows_of(connection, f"SELECT policy_id, account, region, count(*) FROM ({candidates}) GROUP BY ALL")

    def needs(of_verdict: tuple[Any, ...], some: Iterable[FailedCall]) -> bool:
        policy_id, account, region = of_verdict
        return any(
            policy_id in needing.get(call.label, ())
            and (account is None or account in read_with[call.account])
            and (not call.region or region in (None, call.region))
            for call in some
        )

    def cause(of_verdict: tuple[Any, ...]) -> str:
        if needs(of_verdict, denied):
            return "denied"
        if needs(of_verdict, failed):
            return "failed"
        return "not_evaluated" if left_out.is_needed(*of_verdict) else "other"

    denied = [call for call in calls if is_denied(call.refusal)]
    failed = [call for call in calls if not is_denied(call.refusal)]
    causes: Counter[str] = Counter()
    for *of_verdict, number in unknown:
        causes[cause(tuple(of_verdict))] += number
    alike: dict[tuple[str, str, str], list[FailedCall]] = {}
    for call in calls:
        alike.setdefault((call.label, call.refusal, call.code), []).append(call)
    several = len({call.account for call in calls}) > 1
    unread = [
        NeededCall(
            *key,
            tuple(dict.fromkeys(_place(call, several=several) for call in some)),
            len(some),
            sum(number for *of_verdict, number in unknown if needs(tuple(of_verdict), some)),
            len({account for call in some for account in read_with[call.account]}),
            len({call.region for call in some if call.region}),
        )
        for key, some in alike.items()
    ]
    return tuple(sorted(unread, key=lambda one: (-one.verdicts, one.label))), UnknownCauses(**causes)


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """The objects that a collection did not ask for, as ``claims`` by type, and the types that each policy reads."""

    claims: Mapping[str, Sequence[Scope]]
    types: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, evaluation: Evaluation) -> _LeftOut:
        """Return the claims of an evaluation's sources about objects that were not asked for."""
        claims: dict[str, list[Scope]] = {}
        for claim in (claim for source in evaluation.inventory.sources for claim in source.coverage):
            if claim.lacking is not None and claim.lacking.startswith(NOT_ASKED):
                claims.setdefault(claim.type_name, []).append(claim.scope)
        types: dict[str, set[str]] = {}
        for program in evaluation.programs if claims else ():
            types.setdefault(program.policy_id, set()).update(fields_by_type([program]))
        return cls(claims, types)

    def is_needed(self, policy_id: str, account: str | None, region: str | None) -> bool:
        """Whether a policy reads a type in a place that was not asked for, about an object in some account and region."""
        return any(
            scope.meets(Scope(account, region))
            for type_name in ("", *self.types.get(policy_id, ()))
            for scope in self.claims.get(type_name, ())
        )


def _place(call: FailedCall, *, several: bool) -> str:
    """Return the region of a call, with its account if calls of several accounts failed."""
    return "/".join(filter(None, (call.account if several or not call.region else "", call.region)))


def _policies_by_label(evaluation: Evaluation, labels: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the evaluated policies that need calls, by the label of the call."""
    kinds = {source.kind for source in evaluation.inventory.sources}
    needing: dict[str, set[str]] = {}
    for cloud in (load(known.name) for known in collected_clouds() if labels and known.name in kinds):
        opening = [label for label in labels if cloud.opens_accounts(label)]
        for program in evaluation.programs:
            served = {call.label for call in cloud.plan(fields_by_type([program])).planned_calls}
            for label in (*opening, *(served & {*labels})):
                needing.setdefault(label, set()).add(program.policy_id)
    return {label: frozenset(policies) for label, policies in needing.items()}
