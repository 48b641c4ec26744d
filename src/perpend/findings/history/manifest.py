"""The manifest of a history: its runs, policies and files, each with a checksum, as JSON text.

Replacing it commits a run, in one step. Files that it does not name do not count.
"""

from __future__ import annotations

from dataclasses import asdict, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.inventory.snapshots.manifest import Damaged, StoredFile, document_from, sealed
from perpend.language.program.parameters import ParameterValue, value_from

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

HEAD: Final = "head.json"
"""The file's name, below the history's directory."""

FORMAT: Final = 6
"""The version of a history's layout. A history of any other version is rejected, but for :data:`EARLIER`."""

EARLIER: Final = (5,)
"""Versions that are read as well: each run had all counts. The next commit writes the newest version."""

START_AGAIN: Final = "remove the directory `history` of the store; the next `perpend check --store` starts a new history"
"""How to replace a history of an earlier format."""


@dataclass(frozen=True, slots=True)
class Run:
    """A committed run.

    ``snapshot`` and ``content`` are the id and the content hash of the evaluated snapshot, ``time`` is its time (ISO 8601), and
    ``engine`` the version that evaluated it. ``assumed``: some source states no time. ``committed`` is when the history was
    written. ``asked`` is the index of the list of evaluated policies in the manifest. ``late`` are the accounts with newer
    facts, which stay. ``rated`` is the index of the ratings in force, None if there were none. ``unread`` holds, by type, the
    accounts whose objects were not all read ("" for any account) and the reason. ``configuration`` is the absolute path of the
    configuration file, None if the run had none.
    """

    number: int
    snapshot: str
    content: str
    time: str
    assumed: bool
    committed: str
    engine: str
    asked: int
    late: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    rated: int | None = None
    unread: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    configuration: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedPolicy:
    """A policy over one object type.

    ``program`` is the hash of its meaning, since ``program_run``. ``first_run`` and ``last_run`` are the first and the newest
    run that evaluated it. ``texts`` is the hash of its messages. ``retired_run`` is the run that retired it; ``was_retired``: a
    run did so at some time.
    """

    number: int
    lineage: str
    type_name: str
    policy_id: str
    program: str
    program_run: int
    first_run: int
    last_run: int
    texts: str = ""
    retired_run: int | None = None
    was_retired: bool = False


@dataclass(frozen=True, slots=True)
class ValuesSince:
    """The values of a policy's parameters since a run, by its number."""

    run: int
    values: tuple[ParameterValue, ...]


@dataclass(frozen=True, slots=True)
class RecordedParameters:
    """The parameters of a policy, by its number. ``rule`` is the hash of its meaning with any values, since ``rule_run``.

    ``values`` are in the order of runs; none in a run since which the policy has no parameters.
    """

    policy: int
    rule: str
    rule_run: int
    values: tuple[ValuesSince, ...] = ()

    def in_run(self, run: int) -> tuple[ParameterValue, ...]:
        """Return the values in a run, none if they are not known."""
        return next((since.values for since in reversed(self.values) if since.run <= run), ())


@dataclass(frozen=True, slots=True)
class Retirement:
    """A past period in which a policy was retired, by its number; the run ``until`` evaluated it again."""

    policy: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class RecordedType:
    """The files of one object type.

    ``objects`` are parts of the registry; later parts override earlier ones. ``known`` holds the value of each policy by
    object; ``lives`` the newest row of each finding as of the last compaction, ``changes`` the rows since, and ``past`` those
    before, by object. ``spans`` holds, by the path of each file of ``past``, the smallest and the largest number of its
    objects. ``past_run`` is the newest run whose changes are in ``past``, 0 if there is none. ``groups`` holds, by the name of
    a column of runs, the numbers of policies that were always evaluated together. ``looked`` holds the times of objects whose
    facts are older than the last run.
    """

    objects: tuple[StoredFile, ...] = ()
    known: StoredFile | None = None
    lives: StoredFile | None = None
    changes: tuple[StoredFile, ...] = ()
    past: tuple[StoredFile, ...] = ()
    next_object: int = 1
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    keyframes: Mapping[int, StoredFile] = field(default_factory=dict)
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    past_run: int = 0
    looked: StoredFile | None = None

    def past_of(self, numbers: Collection[int]) -> tuple[StoredFile, ...]:
        """Return the files of ``past`` that may hold rows of some objects, by their numbers."""
        spans = ((file, *self.spans[file.path]) for file in self.past)
        return tuple(file for file, least, most in spans if any(least <= number <= most for number in numbers))

    @property
    def policies(self) -> dict[int, str]:
        """The column of runs of each policy."""
        return {number: name for name, numbers in self.groups.items() for number in numbers}

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files."""
        single = (file for file in (self.known, self.lives, self.looked) if file is not None)
        return (*self.objects, *single, *self.changes, *self.past, *self.keyframes.values())


@dataclass(frozen=True, slots=True)
class PolicySeverity:
    """The severity of a policy's findings, who rated it and why. ``within`` is the time in which to resolve them."""

    policy_id: str
    severity: str
    source: str
    because: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedRatings:
    """The ratings of one day. ``shifts`` are the rules that raise or lower severities, as JSON that a history does not read."""

    policies: tuple[PolicySeverity, ...] = ()
    shifts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryManifest:
    """The content of a history. ``ratings`` were in force in some run; ``retirements`` are past ones.

    ``parameters`` are those of policies that have or had some.

    ``full_counts`` are the runs that wrote all counts to the ledger. Others since wrote those that differ. Before the first of
    them, a run wrote all counts of the types that it evaluated.
    """

    runs: tuple[Run, ...] = ()
    asked: tuple[tuple[int, ...], ...] = ()
    policies: tuple[RecordedPolicy, ...] = ()
    types: Mapping[str, RecordedType] = field(default_factory=dict)
    ledger: tuple[StoredFile, ...] = ()
    texts: tuple[StoredFile, ...] = ()
    ratings: tuple[RecordedRatings, ...] = ()
    retirements: tuple[Retirement, ...] = ()
    full_counts: tuple[int, ...] = ()
    parameters: tuple[RecordedParameters, ...] = ()

    @property
    def time(self) -> datetime:
        """The time of the newest run, in UTC. The history must have a run."""
        return max(datetime.fromisoformat(run.time) for run in self.runs).astimezone(UTC)

    @property
    def next_run(self) -> int:
        """The number of the next run."""
        return self.runs[-1].number + 1 if self.runs else 1

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files that count."""
        return (*self.ledger, *self.texts, *(file for known in self.types.values() for file in known.files))

    def run(self, number: int) -> Run:
        """Return a run by its number."""
        return next(run for run in self.runs if run.number == number)

    def run_of(self, snapshot: str) -> Run | None:
        """Return the newest run that evaluated a snapshot, by its id."""
        return next((run for run in reversed(self.runs) if run.snapshot == snapshot), None)

    def values_in(self, policy_id: str, run: int) -> tuple[ParameterValue, ...]:
        """Return the values of a policy's parameters in a run, by its number."""
        numbers = {policy.number for policy in self.policies if policy.policy_id == policy_id}
        return next((values for one in self.parameters if one.policy in numbers and (values := one.in_run(run))), ())

    def policies_of(self, type_name: str) -> tuple[RecordedPolicy, ...]:
        """Return the policies over a type."""
        return tuple(policy for policy in self.policies if policy.type_name == type_name)

    def retired_in(self, run: int | None = None) -> set[int]:
        """Return the numbers of the policies that were retired in a run, by its number; in the newest run for None."""
        last = self.next_run - 1 if run is None else run
        over = {retirement.policy for retirement in self.retirements if retirement.since <= last < retirement.until}
        return over | {
            policy.number for policy in self.policies if policy.retired_run is not None and policy.retired_run <= last
        }

    def in_part(self, accounts: Collection[str] = ()) -> dict[str, str]:
        """Return, by policy, why not all of its objects in some accounts, or in any, were read in its last run."""
        reasons: dict[str, str] = {}
        for policy in (policy for policy in self.policies if policy.retired_run is None):
            unread = self.run(policy.last_run).unread.get(policy.type_name, ())
            if all_reasons := [why for account, why in unread if not accounts or account in ("", *accounts)]:
                reasons[policy.policy_id] = all_reasons[0]
        return reasons

    def stale_policies(self) -> dict[str, Run]:
        """Return, by id, the last run of each policy that the newest run did not evaluate. Retired policies are left out."""
        last: dict[str, int] = {}
        for policy in (policy for policy in self.policies if policy.retired_run is None):
            last[policy.policy_id] = max(last.get(policy.policy_id, 0), policy.last_run)
        return {policy_id: self.run(number) for policy_id, number in last.items() if number < self.next_run - 1}

    def was_evaluated(self, run: Run) -> frozenset[int]:
        """Return the numbers of the policies that a run evaluated."""
        return frozenset(self.asked[run.asked])

    def ratings_of(self, run: Run) -> RecordedRatings | None:
        """Return the ratings that were in force in a run, None if there were none."""
        return None if run.rated is None else self.ratings[run.rated]

    def with_run(self, run: Run, asked: tuple[int, ...], ratings: RecordedRatings | None = None) -> HistoryManifest:
        """Return the manifest with one more run, in which ``ratings`` were in force."""
        lists = self.asked if asked in self.asked else (*self.asked, asked)
        ratings_after = self.ratings if ratings is None or ratings in self.ratings else (*self.ratings, ratings)
        rated = None if ratings is None else ratings_after.index(ratings)
        return replace(
            self, asked=lists, ratings=ratings_after, runs=(*self.runs, replace(run, asked=lists.index(asked), rated=rated))
        )


def manifest_text(head: HistoryManifest) -> str:
    """Return a manifest as JSON text with a checksum of itself."""
    types = {
        name: {**asdict(known), "keyframes": [[run, asdict(file)] for run, file in sorted(known.keyframes.items())]}
        for name, known in head.types.items()
    }
    return sealed({"format": FORMAT, **asdict(head), "types": types})


def history_manifest_from(text: str) -> HistoryManifest:
    """Return the manifest that a text holds. Raises Damaged with the reason."""
    document = document_from(text, version=FORMAT, earlier=EARLIER, remedy=START_AGAIN)
    try:
        return HistoryManifest(
            tuple(map(_run_from, document["runs"])),
            tuple(tuple(map(int, numbers)) for numbers in document["asked"]),
            tuple(RecordedPolicy(**policy) for policy in document["policies"]),
            {name: _type_from(known) for name, known in document["types"].items()},
            _files_from(document["ledger"]),
            _files_from(document["texts"]),
            tuple(_ratings_from(one) for one in document["ratings"]),
            tuple(Retirement(**one) for one in document["retirements"]),
            tuple(map(int, document["full_counts"])) if document["format"] == FORMAT else (),
            tuple(map(_parameters_from, document.get("parameters", ()))),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Damaged("it holds something else than a history") from None


def _run_from(document: dict[str, Any]) -> Run:
    unread = {name: tuple((account, why) for account, why in pairs) for name, pairs in document["unread"].items()}
    return Run(**{**document, "late": tuple(document["late"]), "unread": unread})


def _parameters_from(document: dict[str, Any]) -> RecordedParameters:
    values = (ValuesSince(since["run"], tuple(map(_value_from, since["values"]))) for since in document["values"])
    return RecordedParameters(document["policy"], document["rule"], document["rule_run"], tuple(values))


def _value_from(document: dict[str, Any]) -> ParameterValue:
    value, default = value_from(document["value"]), value_from(document["default"])
    if value is None or default is None:
        raise ValueError("not a value of a parameter")
    return ParameterValue(document["name"], value, default)


def _ratings_from(document: dict[str, Any]) -> RecordedRatings:
    return RecordedRatings(tuple(PolicySeverity(**one) for one in document["policies"]), tuple(document["shifts"]))


def _type_from(document: dict[str, Any]) -> RecordedType:
    known, lives, looked = document["known"], document["lives"], document["looked"]
    past = _files_from(document["past"])
    spans = {file.path: document["spans"][file.path] for file in past}
    return RecordedType(
        _files_from(document["objects"]),
        StoredFile(**known) if known else None,
        StoredFile(**lives) if lives else None,
        _files_from(document["changes"]),
        past,
        document["next_object"],
        {name: tuple(numbers) for name, numbers in document["groups"].items()},
        {run: StoredFile(**file) for run, file in document["keyframes"]},
        {path: (int(least), int(most)) for path, (least, most) in spans.items()},
        int(document["past_run"]),
        StoredFile(**looked) if looked else None,
    )


def _files_from(documents: list[dict[str, Any]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**one) for one in documents)
