"""The answers of tools that no page gives. Their schemas are derived from the annotations, as those of ``server/answers.py``.

A text that Perpend did not write has a name that :mod:`perpend.server.mcp.quoting` does not list: it is sent as quoted data.
"""

from collections.abc import Mapping
from datetime import date, datetime

from perpend.core.dataclass import dataclass
from perpend.language.program.parameters import ParameterValue


@dataclass(frozen=True, slots=True)
class Count:
    """The number of findings with one value."""

    value: str
    findings: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of findings by the values of one attribute, the most frequent first. They add up to ``total``."""

    run: int
    by: str
    total: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class FieldRead:
    """A field that a condition read. ``value`` is its value as JSON text, or says why it is not known."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class ListedVerdict:
    """An object of a related list that a condition counted, with its status in that list."""

    path: str
    name: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """A condition of a policy on one object. ``result`` is ``true``, ``false``, ``stopped`` or ``not reached``.

    ``status`` is the status that the object has if this condition decides. ``check`` is the check that stopped the condition,
    ``reason`` says why the object cannot be read.
    """

    number: int
    result: str
    status: str
    condition: str
    check: str | None
    reason: str | None
    fields: tuple[FieldRead, ...]
    listed: tuple[ListedVerdict, ...]


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The smallest tested change of one value that gives the object another status."""

    status: str
    field: str
    value: str
    other_value: str
    message: str


@dataclass(frozen=True, slots=True)
class FindingExplanation:
    """Why an object has its status. ``recorded_status`` is the status of the last run.

    ``status`` is the status by the policies of today on the objects of that run: it differs if the policy has changed since.
    ``parameters`` are the values of the policy's parameters in that run, with their defaults. ``commands`` fix an incompliant
    object, with its names, if the policy has such commands.
    """

    run: int
    finding_id: str
    recorded_status: str
    status: str
    life: str
    severity: str | None
    open_since: datetime | None
    as_of: datetime
    policy_id: str
    policy_title: str
    type: str
    object_id: str
    object_name: str | None
    account: str | None
    region: str | None
    source: str
    waiver: str | None
    message: str
    remediation: str | None
    parameters: tuple[ParameterValue, ...]
    commands: str | None
    smallest_change: SmallestChange | None
    conditions: tuple[ConditionResult, ...]


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event of a finding. ``before`` and ``after`` are statuses; ``event`` is None if only the verdict changed."""

    run: int
    time: datetime
    event: str | None
    cause: str | None
    before: str | None
    after: str | None
    life: str
    finding_id: str
    policy_id: str
    object_id: str
    object_name: str | None
    account: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """The events of a finding, an object or a policy, the newest first. ``total`` is the number of all events."""

    of: str
    total: int
    events: tuple[PastEvent, ...]


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """An outcome of a policy: the first condition that holds decides. ``index`` is 0 for objects that cannot be read."""

    index: int
    status: str
    condition: str
    message: str
    remediation: str | None


@dataclass(frozen=True, slots=True)
class PolicyLogic:
    """A logic file of a policy: its outcomes in the order in which they are tried, and its tests by expected status."""

    tests: Mapping[str, int]
    file: str
    type: str
    outcomes: tuple[PolicyOutcome, ...]


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as its repository describes it. ``requirements`` are sections of frameworks; ``problems`` make it unusable."""

    policy_id: str
    policy_title: str
    categories: tuple[str, ...]
    requirements: tuple[str, ...]
    description: str | None
    remediation: str | None
    problems: tuple[str, ...]
    logic: tuple[PolicyLogic, ...]


@dataclass(frozen=True, slots=True)
class TriedWaiver:
    """A waiver of a text. ``covers`` is the number of findings that it matches, in force or not."""

    force: str
    until: date | None
    covers: int
    id: str


@dataclass(frozen=True, slots=True)
class CoveredFindings:
    """The findings of one policy, account and status that a waiver matches."""

    status: str
    findings: int
    waiver: str
    policy_id: str
    account: str | None


@dataclass(frozen=True, slots=True)
class WaiverTrial:
    """The effect that waivers would have on the findings of the last run. Nothing was written.

    ``waived`` is the number of findings that the waivers in force would cover. ``problems`` are those of
    ``perpend waivers lint``.
    """

    run: int
    day: date
    waived: int
    attestations: int
    problems: tuple[str, ...]
    waivers: tuple[TriedWaiver, ...]
    covered: tuple[CoveredFindings, ...]


@dataclass(frozen=True, slots=True)
class TriedObject:
    """An object with the status that a tried policy gives it."""

    status: str
    object_id: str
    object_name: str | None
    message: str


@dataclass(frozen=True, slots=True)
class PolicyTrial:
    """The verdicts of a tried policy on the objects of the last run. Nothing was written.

    ``objects`` is the number of all objects of the type, ``verdicts`` their numbers by status. ``first`` are at most 20 of
    them: failing ones before unknown ones before others. ``problems`` are warnings about the text.
    """

    run: int
    as_of: datetime
    objects: int
    verdicts: Mapping[str, int]
    type: str
    problems: tuple[str, ...]
    first: tuple[TriedObject, ...]
