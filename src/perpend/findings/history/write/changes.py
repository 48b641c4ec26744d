"""Compute the changes of findings in a run, their events and causes, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.findings.history.model import ABSENT, Cause, Event, State
from perpend.findings.history.state_machine_sql import LIFE, UNDETERMINED, step_query
from perpend.findings.history.write.values import value_sql
from perpend.inventory.snapshots.database import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from perpend.findings.history.manifest import RecordedPolicy
    from perpend.inventory.snapshots.database import Connection
    from perpend.language.program.program import Program

COLUMNS: Final = ("policy_no", "object_no", "run", "before", *LIFE, "event", "cause")
"""The columns of a row of changes: the state of a finding after a run, and the event of that run."""


LIVES_COLUMNS: Final = tuple(column for column in COLUMNS if column not in ("before", "event", "cause"))
"""The columns of the newest row of a finding."""

_WORDS: Final = {"life": State, "event": Event, "cause": Cause}


def sortable(columns: Sequence[str] = COLUMNS) -> str:
    """Return the columns of changes for sorting: words as enums, which halves the memory. Files hold words again."""
    listed = {column: ", ".join(f"'{word.value}'" for word in words) for column, words in _WORDS.items()}
    return ", ".join(
        f"CAST({column} AS ENUM ({listed[column]})) AS {column}" if column in listed else column for column in columns
    )


@dataclass(frozen=True, slots=True)
class EvaluatedPolicy:
    """A policy in a run, after it, and the run since which the current engine evaluates.

    ``rule_run`` is the run since which the policy has its meaning but for the values of parameters.
    """

    policy: RecordedPolicy
    engine_run: int
    rule_run: int


def lives_query(lives: str | None, changes: Sequence[str], *, of_many: bool = False, of: str = "") -> str:
    """Return the query for the newest row of every finding. Arguments are paths as SQL literals.

    ``of_many``: a file of changes may hold those of several runs. ``of`` is a relation with the policy_no and object_no of the
    findings to return; all if it is empty.
    """
    only = f" SEMI JOIN {of} AS o USING (policy_no, object_no)" if of else ""
    columns = ", ".join(LIVES_COLUMNS)
    if not changes and lives is None:
        kinds = ", ".join(
            f"CAST(NULL AS {'VARCHAR' if column == 'life' else 'INTEGER'}) AS {column}" for column in columns.split(", ")
        )
        return f"SELECT {kinds} LIMIT 0"
    if lives is None and len(changes) > 1 and not of_many:
        # No finding stands twice in a file of one run: the first one, which holds most rows, needs no look for its newest.
        lives, *changes = changes
    base = f"SELECT {columns} FROM read_parquet([{lives}], hive_partitioning = false){only}" if lives else ""
    if not changes:
        return base
    read = f"SELECT {columns} FROM read_parquet([{', '.join(changes)}], hive_partitioning = false){only}"
    newest = f"{read} QUALIFY row_number() OVER (PARTITION BY policy_no, object_no ORDER BY run DESC) = 1"
    newest = newest if of_many or len(changes) > 1 else read
    if not base:
        return newest
    return (
        f"WITH newest AS MATERIALIZED ({newest}) SELECT b.* FROM ({base}) AS b "
        "ANTI JOIN newest AS n ON n.policy_no = b.policy_no AND n.object_no = b.object_no UNION ALL FROM newest"
    )


def blurred_keys(lives: str | None, changes: Sequence[str]) -> str:
    """Return the relation of findings that were unconfirmed at some time, among them those that are now."""
    files = ", ".join([*([lives] if lives else []), *changes])
    return (
        f"(SELECT DISTINCT policy_no, object_no FROM read_parquet([{files}], hive_partitioning = false) "
        "WHERE life = 'unconfirmed')"
    )


def write_changes(
    connection: Connection,
    out: Path,
    *,
    evaluated: Sequence[EvaluatedPolicy],
    retired: Collection[int],
    same_estate: bool,
    run: int,
) -> None:
    """Write the changes of a run from the tables ``pairs``, ``reevaluated``, ``registry``, ``lives`` and ``lives_of_pairs``.

    ``retired`` are the numbers of retired policies. ``same_estate``: the run evaluates the same content at the same time as the
    last one.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE evaluated_policy "
        "(policy_no INTEGER, first_run INTEGER, program_run INTEGER, engine_run INTEGER, rule_run INTEGER)"
    )
    rows = [
        (one.policy.number, one.policy.first_run, one.policy.program_run, one.engine_run, one.rule_run) for one in evaluated
    ]
    if rows:
        connection.execute(f"INSERT INTO evaluated_policy VALUES {', '.join(map(str, rows))}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW observations AS {_input(retired, run)}")
    more = ", observed, seen_before, program_run, engine_run, rule_run, reevaluated, object_new, policy_new, retired"
    stepped = step_query("observations", run, more=more)
    life = ", ".join(LIFE)
    connection.execute(
        f"COPY (SELECT {sortable()} FROM (SELECT policy_no, object_no, CAST({run} AS INTEGER) AS run, before, {life}, event, "
        f"{_cause(same_estate=same_estate)} AS cause FROM ({stepped})) ORDER BY policy_no, object_no) "
        f"TO {pattern(out)} (FORMAT parquet, COMPRESSION zstd)"
    )


def _input(retired: Collection[int], run: int) -> str:
    """Return the query for the input of the state machine: changed pairs, and the findings of retired policies."""
    known = ", ".join(f"l.{column}" for column in LIFE if column not in ("value", "status_run", "life", "episodes"))
    pairs = (
        "SELECT p.policy_no, p.object_no, p.seen, p.seen AS seen_before, p.before AS value, "
        "coalesce(l.status_run, CASE WHEN p.before IS NOT NULL THEN greatest(r.first_run, a.first_run) END) AS status_run, "
        f"{known}, coalesce(l.life, CASE WHEN p.before IS NOT NULL THEN 'passing' END) AS life, "
        "coalesce(l.episodes, 0) AS episodes, p.observed, true AS is_evaluated, true AS complete, false AS retired, "
        f"a.program_run, a.engine_run, a.rule_run, j.value AS reevaluated, coalesce(r.first_run, {run}) = {run} AS object_new, "
        f"a.first_run = {run} AS policy_new FROM pairs AS p "
        "JOIN evaluated_policy AS a ON a.policy_no = p.policy_no LEFT JOIN registry AS r ON r.object_no = p.object_no "
        "LEFT JOIN lives_of_pairs AS l ON l.policy_no = p.policy_no AND l.object_no = p.object_no "
        "LEFT JOIN reevaluated AS j ON j.policy_no = p.policy_no AND j.object_no = p.object_no"
    )
    if not retired:
        return pairs
    listed = ", ".join(map(str, sorted(retired)))
    own = ", ".join(f"l.{column}" for column in ("value", "status_run"))
    return (
        f"{pairs} UNION ALL SELECT l.policy_no, l.object_no, NULL, NULL, {own}, {known}, l.life, l.episodes, NULL, false, "
        "false, true, NULL, NULL, NULL, NULL, false, false FROM lives AS l "
        f"WHERE l.policy_no IN ({listed}) AND l.life IN ('open', 'unconfirmed')"
    )


def _cause(*, same_estate: bool) -> str:
    unknown = f"before % 8 = {UNDETERMINED} OR observed % 8 = {UNDETERMINED}"
    own = f"CASE WHEN {unknown} THEN 'visibility_change' ELSE 'resource_change' END"
    older = "(seen_before < program_run OR seen_before < engine_run)"
    by_value = "CASE WHEN seen_before < rule_run THEN 'policy' ELSE 'parameter' END"
    changed = f"CASE WHEN seen_before < program_run THEN {by_value} ELSE 'engine' END"
    alike = "CASE WHEN before % 8 = observed % 8 THEN reevaluated = {0} ELSE reevaluated % 8 = {0} % 8 END"
    evaluated = (
        changed
        if same_estate
        else (
            f"CASE WHEN reevaluated IS NULL THEN 'unknown' WHEN {alike.format('before')} THEN {own} "
            f"WHEN {alike.format('observed')} THEN {changed} ELSE 'resource_change' END"
        )
    )
    return (
        "CASE WHEN retired THEN 'policy' "
        "WHEN before IS NULL THEN CASE WHEN object_new THEN 'resource_change' WHEN policy_new THEN 'policy' "
        f"ELSE 'visibility_change' END WHEN before = observed THEN 'policy' WHEN observed = {ABSENT} THEN 'resource_change' "
        f"WHEN {older} THEN {evaluated} ELSE {own} END"
    )


def read_reevaluated(connection: Connection, file: Path | None, programs: Sequence[tuple[int, Program]]) -> None:
    """Fill the table ``reevaluated`` with the values that current programs give an older snapshot; ``file`` holds codes by
    Id."""
    empty = "CREATE OR REPLACE TEMP TABLE reevaluated (policy_no INTEGER, object_no INTEGER, value INTEGER)"
    connection.execute(empty)
    if file is None:
        return
    for place, (number, program) in enumerate(programs):
        connection.execute(
            f"INSERT INTO reevaluated SELECT {number}, r.object_no, {value_sql(program, f'j.v{place}')} "
            f"FROM read_parquet({pattern(file)}) AS j JOIN registry AS r ON r.id = j.id "
            f"JOIN pairs AS p ON p.object_no = r.object_no AND p.policy_no = {number}"
        )
