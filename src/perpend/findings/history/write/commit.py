"""Commit an evaluated run to a history, in one step or not at all. All work is SQL, without loops over findings."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from perpend.core.commit import make_directory
from perpend.core.dataclass import dataclass
from perpend.core.values.age import AHEAD
from perpend.core.values.values import milliseconds_from_datetime
from perpend.findings.history.manifest import HistoryManifest, RecordedPolicy, RecordedType, Run
from perpend.findings.history.state_machine_sql import TRIVIAL
from perpend.findings.history.storage import WholeFiles
from perpend.findings.history.write.changes import EvaluatedPolicy, blurred_keys, lives_query, read_reevaluated, write_changes
from perpend.findings.history.write.compaction import compacted
from perpend.findings.history.write.counts import (
    add_counts,
    add_former_counts,
    begin_counting,
    is_full,
    make_ledger,
    read_last_counts,
    rows_to_write,
    write_counts,
)
from perpend.findings.history.write.evaluated_run import EvaluatedRun, EvaluatedType, ReevaluationRequest
from perpend.findings.history.write.incomplete_types import still_unread, unread_since
from perpend.findings.history.write.last_observed import NOBODY, last_observed_query, set_aside, time_sql, write_last_observed
from perpend.findings.history.write.objects import find_gone, look, meet, registry_query, write_parts
from perpend.findings.history.write.policies import TEXTS, MatchedPolicies, text_rows
from perpend.findings.history.write.row_digests import find_pairs, revived_query
from perpend.findings.history.write.values import groups_after, write_values
from perpend.inventory.snapshots.database import opened, pattern, rows_of, translate_errors
from perpend.inventory.snapshots.files import StoreError, shown
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from perpend.findings.history.storage import HistoryStorage
    from perpend.findings.history.write.objects import MatchedObjects
    from perpend.findings.history.write.values import Groups
    from perpend.inventory.snapshots.database import Connection
    from perpend.inventory.snapshots.manifest import StoredFile
    from perpend.language.program.program import Program

MEMORY_LIMIT: Final = "700MB"
"""What DuckDB may hold in memory while a run is committed. With less it takes longer: `bench histories --users 1e6`."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The result of a commit: the number of the run, its events, and the accounts for which newer facts were known."""

    run: int
    events: Mapping[str, int]
    late: tuple[str, ...] = ()
    is_first: bool = False


def commit_run(place: HistoryStorage, evaluated: EvaluatedRun, *, now: datetime | None = None) -> Committed | None:
    """Add a run to a store's history; return None if it equals the last run.

    Raises StoreError if it cannot be written, or if the time of the run is in the future; the history is unchanged then.
    """
    moment = now or datetime.now(UTC)
    if evaluated.time > moment + AHEAD:
        raise StoreError(f"{shown(place.directory)}: the time of the run, {evaluated.time:%Y-%m-%d}, is in the future")
    with place.committing():
        head = place.head()
        commit = _Commit(place, evaluated, head, moment)
        if commit.says_nothing_new():
            place.remove_leftovers(head, now=moment)
            return None
        with scratch() as directory, commit.connected(directory) as connection, translate_errors(place.directory):
            make_ledger(connection)
            read_last_counts(connection, commit.files.paths(head.ledger), head)
            for evaluated_type in evaluated.types:
                if commit.has_objects(evaluated_type):
                    commit.take_type(connection, evaluated_type, directory)
                else:
                    commit.take_empty_type(evaluated_type)
            after = commit.finished(connection)
        place.replace_head(after, head, now=moment)
        place.remove_leftovers(after, now=moment)
        run = after.runs[-1]
        return Committed(run.number, run.events, run.late, is_first=len(after.runs) == 1)


@dataclass(slots=True)
class _Commit:
    """A commit in progress."""

    place: HistoryStorage
    evaluated: EvaluatedRun
    head: HistoryManifest
    moment: datetime
    policies: MatchedPolicies = field(init=False)
    types_after: dict[str, RecordedType] = field(init=False)
    same_estate: bool = field(init=False)
    events: Counter[str] = field(default_factory=Counter)
    late: set[str] = field(default_factory=set)
    unread: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    counted: set[int] = field(default_factory=set)
    made: list[Path] = field(default_factory=list)
    files: WholeFiles = field(init=False)
    times: dict[int, int] = field(init=False)
    """The days of runs in milliseconds, by their numbers."""

    def __post_init__(self) -> None:
        self.times = {run.number: milliseconds_from_datetime(datetime.fromisoformat(run.time)) for run in self.head.runs}
        self.files = WholeFiles(self.place)
        self.policies = MatchedPolicies(self.evaluated, self.head)
        self.types_after = dict(self.head.types)
        lasts = [self.head.run(policy.last_run) for policy in self.policies.known_before()]
        self.same_estate = bool(lasts) and all((one.content, one.time) == (self.content, self.time) for one in lasts)

    @property
    def run(self) -> int:
        return self.head.next_run

    @property
    def content(self) -> str:
        return self.evaluated.snapshot.content_hash

    @property
    def time(self) -> str:
        return self.evaluated.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def says_nothing_new(self) -> bool:
        """Whether the same objects were evaluated at the same time by the same programs and engine in the last run.

        The ratings must be equal, too: a run records the ratings in force.
        """
        engines = {self.head.run(policy.last_run).engine for policy in self.policies.known_before()}
        return (
            self.same_estate
            and engines == {self.evaluated.engine}
            and self.policies.are_as_before()
            and not self.policies.any_to_retire()
            and self.head.ratings_of(self.head.runs[-1]) == self.evaluated.ratings
        )

    @contextmanager
    def connected(self, directory: Path) -> Iterator[Connection]:
        """Yield a database with access to the history, the snapshot, the verdicts and a temporary directory."""
        spill = make_directory(directory / "spill")
        verdicts = [
            path for evaluated_type in self.evaluated.types if evaluated_type.files for path in evaluated_type.files.paths
        ]
        paths = [*self.evaluated.snapshot.files.paths, *verdicts]
        done = False
        try:
            reach = [self.place.directory, directory]
            with opened(directories=reach, paths=paths, spill=spill, memory_limit=MEMORY_LIMIT) as connection:
                # Nothing here hangs on the order of rows that no ORDER BY gives, and keeping it costs a tenth.
                connection.execute("SET preserve_insertion_order = false")
                yield connection
            done = True
        finally:
            for path in () if done else self.made:
                path.unlink(missing_ok=True)

    def has_objects(self, evaluated_type: EvaluatedType) -> bool:
        """Whether a type has objects in this run, or had some before."""
        known = self.head.types.get(evaluated_type.name)
        return evaluated_type.rows > 0 or (known is not None and bool(known.objects))

    def take_empty_type(self, evaluated_type: EvaluatedType) -> None:
        """Record that policies were evaluated on no object of a type, and that there was none before."""
        name, numbers = evaluated_type.name, self.policies.of_type(evaluated_type)
        if numbers:
            self.unread[name] = still_unread(None, self.evaluated, name, unread_since(self.head, numbers))
        self.policies.retire(name)

    def take_type(self, connection: Connection, evaluated_type: EvaluatedType, directory: Path) -> None:
        """Write the results of one type."""
        known = self.head.types.get(evaluated_type.name, RecordedType())
        numbers = self.policies.of_type(evaluated_type)
        _view(connection, "registry", registry_query(self.files.paths(known.objects), evaluated_type.name))
        late = self._late_accounts(connection, known)
        look(connection, self.evaluated.snapshot, evaluated_type.declared, self.evaluated.type_named, late=late)
        _view(connection, "last_looked", self._last_observed(known))
        _view(connection, "looked", "FROM last_looked" if self._any_before() else NOBODY)
        self.late |= late | set_aside(connection, self.evaluated)
        matched = meet(connection, next_object=known.next_object, run=self.run, time=time_sql(self.evaluated))
        find_gone(connection, evaluated_type.declared, self.evaluated.claims, late=late, replaced=matched.replaced)
        if numbers:
            known = self._with_last_observed(connection, known, evaluated_type.name)
        unread = unread_since(self.head, numbers)
        self.unread[evaluated_type.name] = still_unread(connection, self.evaluated, evaluated_type.name, unread, late)
        known = self._with_parts(connection, known, evaluated_type.name, matched)
        begin_counting(connection)
        values = self._with_values(connection, known, evaluated_type, numbers)
        _view(connection, "lives", lives_query(*self._files_of_lives(known)))
        self._revive(connection, known, values, numbers)
        changed = [policy for policy in numbers.values() if policy.program_run == self.run or self._engine_run() == self.run]
        programs = dict(zip(numbers, evaluated_type.programs, strict=False))
        self._reevaluate(
            connection, {policy.number: programs[policy.number] for policy in changed if policy.number in programs}, directory
        )
        after = self._with_changes(connection, values, evaluated_type.name, numbers)
        # What the last run has counted holds on where policies and accounts are those of then.
        recount = matched.moved_accounts > 0 or not known.policies.keys() >= numbers.keys()
        self._count(connection, evaluated_type.name, after, groups_after(known.groups, numbers), recount=recount)
        self.types_after[evaluated_type.name] = after

    def finished(self, connection: Connection) -> HistoryManifest:
        """Return the new manifest."""
        retired = self._retire_absent_types(connection)
        full = is_full(self.head)
        rows = rows_to_write(self.counted, self.run, full=full)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE ledger_rows AS {rows}")
        is_written = full or rows_of(connection, "SELECT count(*) FROM ledger_rows")[0][0] > 0
        ledger = [self._written(connection, "ledger", "FROM ledger_rows ORDER BY policy_no, account")] if is_written else []
        run = Run(
            self.run,
            self.evaluated.snapshot.id,
            self.content,
            self.time,
            self.evaluated.assumed,
            self.moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            self.evaluated.engine,
            0,
            tuple(sorted(self.late)),
            dict(sorted((self.events + retired).items())),
            unread={name: unread for name, unread in (self.evaluated.unread | self.unread).items() if unread},
            configuration=self.evaluated.configuration,
        )
        after = replace(
            self.head,
            policies=self.policies.all,
            types=self.types_after,
            ledger=(*self.head.ledger, *ledger),
            full_counts=(*self.head.full_counts, *([self.run] if full else [])),
            texts=(*self.head.texts, *self._text_files(connection)),
            retirements=self.policies.retirements,
            parameters=tuple(recorded for _, recorded in sorted(self.policies.parameters.items())),
        ).with_run(run, tuple(sorted(self.policies.evaluated_policies)), self.evaluated.ratings)
        return compacted(connection, self.place, after, self.made)

    def _late_accounts(self, connection: Connection, known: RecordedType) -> set[str]:
        """Return the accounts of a type that a run with a later time has observed."""
        newest = max((run.time for run in self.head.runs), default="")
        if known.known is None or newest <= self.time:
            return set()
        seen = ", ".join(f"k.{name}" for name in known.groups)
        query = (
            f"SELECT coalesce(r.account, ''), max(greatest({seen}, 0)) FROM {self.files.relation(known.known)} AS k "
            "JOIN registry AS r ON r.object_no = k.object_no GROUP BY 1"
        )
        times = {run.number: run.time for run in self.head.runs}
        return {account for account, run in rows_of(connection, query) if times.get(run, "") > self.time}

    def _last_observed(self, known: RecordedType) -> str:
        """Return the query for the time of each object's last observation."""
        if known.known is None or not self.times:
            return NOBODY
        stored = self.files.relation(known.looked) if known.looked else None
        return last_observed_query(self.files.relation(known.known), [*known.groups], self.times, stored)

    def _any_before(self) -> bool:
        """Whether some source is older than a previous run."""
        newest = max(self.times.values(), default=0)
        return min(self.evaluated.looked, default=newest) < newest

    def _with_last_observed(self, connection: Connection, known: RecordedType, type_name: str) -> RecordedType:
        if known.looked is None and {*self.evaluated.looked} <= {milliseconds_from_datetime(self.evaluated.time)}:
            return known
        path = self._new("looked", type_name)
        stored = self.files.relation(known.looked) if known.looked else None
        if write_last_observed(connection, self.evaluated, stored, path):
            return replace(known, looked=self.place.stored_file(path))
        path.unlink()
        return replace(known, looked=None)

    def _with_parts(self, connection: Connection, known: RecordedType, type_name: str, matched: MatchedObjects) -> RecordedType:
        if not matched.other:
            return known
        path = self._new("objects", type_name)
        write_parts(connection, path, self.run)
        objects = (*known.objects, self.place.stored_file(path))
        known = replace(known, objects=objects, next_object=known.next_object + matched.new)
        _view(connection, "registry", registry_query(self.files.paths(objects), type_name))
        return known

    def _with_values(
        self, connection: Connection, known: RecordedType, evaluated_type: EvaluatedType, numbers: Mapping[int, RecordedPolicy]
    ) -> RecordedType:
        """Write the values after the run, and fill the table of pairs whose value changed."""
        groups, before = groups_after(known.groups, numbers), known.policies
        old = self.files.relation(known.known) if known.known else None
        path = self._new("known", evaluated_type.name)
        write_values(
            connection,
            path,
            known=old,
            verdicts=_files(evaluated_type),
            programs=dict(zip(numbers, evaluated_type.programs, strict=False)),
            groups=groups,
            before=before,
            run=self.run,
        )
        file = self.place.stored_file(path)
        find_pairs(connection, old, self.files.relation(file), groups, before, TRIVIAL)
        return replace(known, known=file, groups=dict(groups.policies))

    def _revive(
        self, connection: Connection, known: RecordedType, after: RecordedType, numbers: Mapping[int, RecordedPolicy]
    ) -> None:
        """Add the pairs of policies that were retired, are evaluated again, and have the same verdict as before."""
        revived = {policy.number for policy in self.head.policies if policy.was_retired and policy.number in numbers}
        if revived and known.known is not None and after.known is not None:
            groups = groups_after(known.groups, numbers)
            relations = self.files.relation(known.known), self.files.relation(after.known)
            connection.execute(f"INSERT INTO pairs {revived_query(*relations, groups, revived, self.run)}")

    def _reevaluate(self, connection: Connection, changed: Mapping[int, Program], directory: Path) -> None:
        """Evaluate the previous snapshot by changed programs, if their verdicts changed."""
        query = "SELECT DISTINCT policy_no FROM pairs WHERE before IS NOT NULL"
        moved = {number for (number,) in rows_of(connection, query)} if changed else set()
        evaluated_policies = [(number, program) for number, program in changed.items() if number in moved]
        last = self._last_evaluated({number for number, _ in evaluated_policies})
        out = directory / f"reevaluated-{len(self.made)}.parquet"
        answered = None
        if evaluated_policies and last is not None and not self.same_estate:
            question = ReevaluationRequest(
                last.snapshot, datetime.fromisoformat(last.time), [program for _, program in evaluated_policies], out
            )
            answered = out if self.evaluated.reevaluate(question) else None
        read_reevaluated(connection, answered, evaluated_policies)

    def _last_evaluated(self, numbers: set[int]) -> Run | None:
        """Return the newest run that evaluated all of some policies."""
        return next((run for run in reversed(self.head.runs) if numbers <= self.head.was_evaluated(run)), None)

    def _with_changes(
        self, connection: Connection, known: RecordedType, type_name: str, numbers: Mapping[int, RecordedPolicy]
    ) -> RecordedType:
        retired = self.policies.retire(type_name)
        if not retired and not rows_of(connection, "SELECT 1 FROM pairs LIMIT 1"):
            return known
        path = self._new("changes", type_name)
        # Only of what is otherwise is it asked what was known: the newest rows of all others need not be found.
        _view(connection, "lives_of_pairs", lives_query(*self._files_of_lives(known), of="pairs"))
        evaluated = [EvaluatedPolicy(policy, self._engine_run(), self.policies.rule_run(policy)) for policy in numbers.values()]
        write_changes(connection, path, evaluated=evaluated, retired=retired, same_estate=self.same_estate, run=self.run)
        counted = rows_of(connection, f"SELECT event, count(*) FROM read_parquet({pattern(path)}) GROUP BY 1")
        if not counted:
            path.unlink()
            return known
        self.events.update({event: number for event, number in counted if event is not None})
        return replace(known, changes=(*known.changes, self.place.stored_file(path)))

    def _files_of_lives(self, known: RecordedType) -> tuple[str | None, list[str]]:
        """Return the paths, as SQL literals, of the compacted newest rows of a type, and of the changes since."""
        base = self.files.paths([known.lives])[0] if known.lives else None
        return base, self.files.paths(known.changes)

    def _engine_run(self) -> int:
        """Return the run since which the current engine evaluates."""
        since = self.run
        for run in reversed(self.head.runs):
            if run.engine != self.evaluated.engine:
                break
            since = run.number
        return since

    def _retire_absent_types(self, connection: Connection) -> Counter[str]:
        """Retire policies over types that the run does not write otherwise; return the events."""
        before = Counter(self.events)
        done = {one.name for one in self.evaluated.types}
        names = dict.fromkeys(policy.type_name for policy in self.head.policies if policy.retired_run is None)
        for name in (name for name in names if name not in done and self.policies.retire(name)):
            known = self.head.types.get(name)
            if known is None or not known.objects:
                continue
            _view(connection, "registry", registry_query(self.files.paths(known.objects), name))
            _view(connection, "lives", lives_query(*self._files_of_lives(known)))
            begin_counting(connection)
            find_pairs(connection, None, "", groups_after({}, []), [], TRIVIAL)
            read_reevaluated(connection, None, [])
            self.types_after[name] = self._with_changes(connection, known, name, {})
        happened = self.events - before
        self.events = before
        return happened

    def _count(self, connection: Connection, type_name: str, known: RecordedType, groups: Groups, *, recount: bool) -> None:
        """Write the counts of a type: those of its last run plus the differences, or all ``reevaluate``."""
        numbers = {number: f"v{number}" for number in sorted(groups.column)}
        if known.known is None or not numbers:
            return
        values = self.files.relation(known.known)
        if recount:
            begin_counting(connection)
            add_counts(connection, values, numbers, number="object_no")
        else:
            add_former_counts(connection, self.head.policies_of(type_name))
        base, changes = self._files_of_lives(known)
        of = blurred_keys(base, changes) if base or changes else ""
        _view(connection, "blurred", lives_query(base, changes, of=of))
        write_counts(connection, values, groups, self.run)
        self.counted |= numbers.keys()

    def _text_files(self, connection: Connection) -> list[StoredFile]:
        rows = [row for number, program in self.policies.texts.items() for row in text_rows(number, self.run, program)]
        if not rows:
            return []
        columns = ", ".join(f"unnest(${place}::{kind}[]) AS {name}" for place, (name, kind) in enumerate(TEXTS.items(), 1))
        values = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE texts AS SELECT {columns}", values)
        return [self._written(connection, "texts", "FROM texts")]

    def _written(self, connection: Connection, kind: str, query: str) -> StoredFile:
        path = self._new(kind, "")
        connection.execute(f"COPY ({query}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
        return self.place.stored_file(path)

    def _new(self, kind: str, type_name: str) -> Path:
        path = self.place.new_file(kind, type_name)
        self.made.append(path)
        return path


def _view(connection: Connection, called: str, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {called} AS {query}")


def _files(evaluated_type: EvaluatedType) -> str | None:
    if evaluated_type.files is None or not evaluated_type.rows:
        return None
    return f"read_parquet([{', '.join(map(pattern, evaluated_type.files.paths))}], hive_partitioning = false)"
