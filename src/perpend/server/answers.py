"""The answers of a served store. Pages show them, the API and MCP send them, and their schemas are derived from them.

Annotations are evaluated, because schemas are derived from them. All times are in UTC. A value that is not known, or does not
apply, is None. Texts come from clouds and policies: they are quoted data, and each interface escapes them.
"""

from collections.abc import Mapping
from datetime import datetime

from perpend.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as lists show it. ``open_since`` is None if it never was known to fail; ``waiver`` is the waiver's id.

    ``change`` is the event of the last run: ``opened``, ``reopened``, ``became_unknown`` and others, None without one.
    ``message`` is the sentence of the condition that decided.
    """

    finding_id: str
    policy_id: str
    policy_title: str
    type: str
    type_label: str
    object_id: str
    object_name: str | None
    external_id: str | None
    account: str | None
    account_name: str | None
    region: str | None
    status: str
    life: str
    severity: str | None
    open_since: datetime | None
    ended_at: datetime | None
    last_known_at: datetime | None
    episodes: int
    message: str
    waiver: str | None
    change: str | None


@dataclass(frozen=True, slots=True)
class FindingPage:
    """A page of findings. ``total`` is the number of all that match, ``next`` names the page behind it, None on the last.

    ``tags_unknown`` is the number of findings of which a filter by tags cannot tell, because the tags of their objects are not
    known; None without such a filter. ``unused`` is the number of findings that are left out because their objects are not in
    use; None without the filter for that.
    """

    run: int
    total: int
    findings: tuple[FindingRow, ...]
    next: str | None
    tags_unknown: int | None = None
    unused: int | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings with one value: of a policy, an account, an object. ``key`` is the value of the filter that chooses them.

    ``severity`` is the highest one: for an object, of its findings that are known to fail and are not waived, of all if there
    are none. An object has a type, and where they are known an account and a region. Other groups have none of these.
    """

    key: str
    label: str
    severity: str | None
    failing: int
    unknown: int
    waived: int
    new: int
    type_label: str | None = None
    account: str | None = None
    account_name: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class FindingGroups:
    """The first groups of findings, the most important one first. ``total`` is the number of all groups."""

    run: int
    by: str
    total: int
    groups: tuple[FindingGroup, ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """The numbers of findings by the values of each facet, the most frequent first. ``total`` is the number of findings."""

    run: int
    total: int
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The verdicts of a run on the objects of a reader's accounts, as numbers. ``failing`` excludes waived verdicts.

    The score is ``compliant`` of ``compliant + failing + waived``; ``unknown`` is never part of it.
    """

    compliant: int
    failing: int
    waived: int
    unknown: int
    inapplicable: int


@dataclass(frozen=True, slots=True)
class RunCoverage:
    """The verdicts of a run as numbers that runs are compared by: ``incompliant`` has all of them, waived or not.

    ``waived`` is null for an earlier run: it is not known what was waived then.
    """

    compliant: int
    incompliant: int
    waived: int | None
    unknown: int
    inapplicable: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of the history. ``coverage`` counts its verdicts; ``events`` what changed against the run before, by event.

    ``policies`` is the number that were evaluated.
    """

    run: int
    time: datetime
    recorded_at: datetime | None
    snapshot: str
    policies: int
    objects: int
    coverage: RunCoverage
    events: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of the runs, the newest first. ``run`` is the newest run, ``total`` the number of all that are remembered."""

    run: int
    total: int
    runs: tuple[RunRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A finding that differs between two runs. ``event`` has a ``cause``; ``before`` and ``after`` are statuses."""

    finding_id: str
    policy_id: str
    policy_title: str
    type: str
    object_id: str
    object_name: str | None
    account: str | None
    region: str | None
    event: str
    cause: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the difference of two runs. ``numbers`` counts all changes by event, ``causes`` by event and cause.

    ``total`` is the number of changes that were asked for.
    """

    before: int
    after: int
    total: int
    numbers: Mapping[str, int]
    causes: Mapping[str, Mapping[str, int]]
    changes: tuple[Change, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The state of a store after its last run. ``changes`` counts the events of the last run.

    ``severities`` and ``services`` hold failing and unknown findings. ``fix_first`` are at most five groups by policy.
    """

    run: int
    time: datetime
    snapshot: str
    accounts: int
    objects: int
    policies: int
    coverage: Coverage
    changes: Mapping[str, int]
    severities: Mapping[str, Mapping[str, int]]
    services: Mapping[str, Mapping[str, int]]
    fix_first: tuple[FindingGroup, ...]
    waivers_ending: int
    unread_calls: int


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy with the newest numbers of its verdicts. ``evaluated``: some run has asked it.

    ``stale`` tells that the newest run has not, with the day of its last verdicts; None if it has.
    """

    policy_id: str
    title: str
    service: str
    severity: str | None
    evaluated: bool
    stale: str | None
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class PolicyList:
    """The policies of the repository, those with the most severe failing findings first."""

    run: int
    policies: tuple[PolicyRow, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a number: ``part`` of ``of``."""

    part: int
    of: int


@dataclass(frozen=True, slots=True)
class FrameworkRow:
    """A framework. ``standings`` counts its requirements by status, ``shares`` are the fractions of ``perpend compliance``.

    ``inherited``: policies count that reach a requirement only through rules or similar sections.
    """

    framework_id: str
    name: str
    requirements: int
    standings: Mapping[str, int]
    shares: Mapping[str, Share]
    inherited: bool


@dataclass(frozen=True, slots=True)
class RequirementPolicyRow:
    """A policy of a requirement. ``evaluated``: by the newest run.

    ``reason`` tells why it was not evaluated, or not on all objects; None if it was. ``looser`` names the values of its
    parameters that accept more than the requirement's.
    """

    policy_id: str
    title: str
    evaluated: bool
    reason: str | None
    looser: str | None = None


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """A requirement with its status, and the numbers of its policies' verdicts by status."""

    requirement_id: str
    number: str
    name: str
    standing: str
    counts: Mapping[str, int]
    policies: tuple[RequirementPolicyRow, ...]


@dataclass(frozen=True, slots=True)
class Compliance:
    """The status of frameworks after a run; ``requirements`` are those of the framework if one was named."""

    run: int
    frameworks: tuple[FrameworkRow, ...]
    requirements: tuple[RequirementRow, ...]


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver. ``force`` tells whether it is in force; ``covers`` counts the findings that match it, in force or not.

    ``waives`` counts the findings that lists name it for. ``warnings`` are those of ``perpend waivers lint``, by kind:
    ``ends soon``, ``ended``, ``unused``, ``too broad``, ``not approved``, ``overlapping``, ``other values``. They are empty
    for a reader who sees some accounts, as they are about the findings of all. ``file`` and ``line`` tell where it is written.
    """

    waiver_id: str
    kind: str
    force: str
    owner: str
    approved_by: str | None
    reason: str
    ticket: str | None
    begins: str | None
    until: str | None
    limit: int | None
    policies: tuple[str, ...]
    covers: int
    waives: int
    warnings: Mapping[str, tuple[str, ...]]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class AttestationRow:
    """A statement by a person that a policy without logic is met. ``ended`` tells why it does not hold, None if it does."""

    attestation_id: str
    policy_id: str
    owner: str
    approved_by: str | None
    reason: str
    evidence: str
    begins: str
    until: str
    ended: str | None


@dataclass(frozen=True, slots=True)
class WaiverList:
    """The waivers on the day of the newest run; ``ends_counted_to`` is the day that ends are compared with.

    ``limited``: the reader sees some accounts, so waivers that cover none of their findings, and all warnings, are left out.
    """

    run: int
    day: str
    ends_counted_to: str
    waivers: tuple[WaiverRow, ...]
    attestations: tuple[AttestationRow, ...]
    limited: bool


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The findings after a run: open, unconfirmed and unknown ones, and the verdicts known to be compliant.

    ``severities`` counts open and unconfirmed findings by the ratings of that run. ``opened`` and ``ended`` are its changes.
    ``late`` is the number of accounts of which the history already had newer facts.
    """

    run: int
    time: datetime
    open: int
    unconfirmed: int
    unknown: int
    compliant: int
    opened: int
    ended: int
    late: int
    severities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trend:
    """The newest runs, the oldest first. ``earlier`` is the number of runs before them."""

    run: int
    points: tuple[TrendPoint, ...]
    earlier: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account. ``objects`` counts those that policies evaluate, ``regions`` by region ("" for none).

    ``observed_at`` is the time of the newest source that lists objects of the account, None if none states a time. Facts of
    older sources may stand beside it. ``failed_calls`` is the number of calls that failed there.
    """

    account: str
    name: str | None
    objects: int
    regions: Mapping[str, int]
    observed_at: datetime | None
    failed_calls: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source of the snapshot. ``objects`` is None for a reader who does not see all of its accounts."""

    name: str
    kind: str
    observed_at: datetime | None
    objects: int | None
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadCall:
    """Calls to a cloud that failed alike. ``objects`` is the number of objects that they concerned, 0 for listings."""

    permission: str
    refusal: str
    codes: tuple[str, ...]
    calls: int
    objects: int
    accounts: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadType:
    """Objects of a type that may be missing in some accounts; "" stands for any type or account. ``reason`` tells why."""

    type: str
    type_label: str
    accounts: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class MissingPermissionsRow:
    """The document of a cloud that grants the permissions that were denied, in a format of this cloud.

    ``cloud`` is the name of the cloud, ``title`` its name for people. ``notes`` are sentences about what is left to do.
    """

    cloud: str
    title: str
    format: str
    document: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estate:
    """The accounts of a run, the age of its facts, and the parts that could not be read.

    ``missing_permissions`` has a document for each cloud that denied calls. ``without_account`` is the number of objects of
    no known account. ``limited``: the reader sees some accounts, so sources and objects of
    others, and those of no known account, are left out. ``current``: the snapshot of the run is still stored; without it,
    sources and failed calls are not known.
    """

    run: int
    snapshot: str
    time: datetime
    current: bool
    accounts: tuple[AccountRow, ...]
    without_account: int
    sources: tuple[SourceRow, ...]
    failures: tuple[str, ...]
    calls: tuple[UnreadCall, ...]
    incomplete: tuple[UnreadType, ...]
    missing_permissions: tuple[MissingPermissionsRow, ...]
    limited: bool


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view: a name, a title, and the filters that stand for it. ``problem`` tells why it cannot be used, else None."""

    name: str
    title: str
    query: str
    file: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A configured run that a reader has started. ``state`` is ``running``, ``done``, ``failed`` or ``cancelled``.

    ``exit_code`` is that of the command, None while it runs. ``lines`` is the number of lines that it has printed.
    """

    job: str
    run: str
    state: str
    exit_code: int | None
    started_by: str | None
    started_at: datetime
    ended_at: datetime | None
    lines: int


@dataclass(frozen=True, slots=True)
class StartedRuns:
    """The runs that the server has started, the newest first. A restart forgets them, not their results."""

    jobs: tuple[StartedRun, ...]
