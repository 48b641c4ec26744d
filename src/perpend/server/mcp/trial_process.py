"""The process of one trial: read a request from standard input, write the answer to standard output, both as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Collection
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from perpend.core.diagnostics.phrases import counted
from perpend.core.errors import PerpendError
from perpend.core.objects.object_types import with_api_name
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.selection import selection_of
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.verdict import verdict_of
from perpend.findings.history.open_history import open_history
from perpend.findings.history.queries.findings import run_named
from perpend.findings.history.queries.latest_verdicts import evaluated_objects
from perpend.findings.history.queries.views import asking
from perpend.findings.waivers.active import day_of
from perpend.findings.waivers.entries import by_tags
from perpend.findings.waivers.match_history import history_findings, only_accounts, tried
from perpend.findings.waivers.matches import match_waivers, objects_in_scope
from perpend.findings.waivers.read import waivers_in
from perpend.findings.waivers.status import DecisionDay
from perpend.findings.waivers.warnings import EvaluatedScope, waiver_warnings
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer, logic_errors
from perpend.language.compiler.names import find_type
from perpend.language.syntax.repository import open_repository
from perpend.server.mcp.answers import CoveredFindings, PolicyTrial, TriedObject, TriedWaiver, WaiverTrial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

MOST_OBJECTS: Final = 1_000_000
"""The objects that a tried policy evaluates."""

_MEMORY: Final = 2 * 2**30
_MOST_FIRST: Final = 20
_MOST_PROBLEMS: Final = 20
_TRIED: Final = "/ce/tried"
_LOGIC: Final = f"{_TRIED}/prod.logic.yaml"
_NOBODY: Final = "no account"
"""The account of readers who may see no account: no object belongs to it."""

_IN_ORDER: Final = (Status.INCOMPLIANT, Status.UNDETERMINED, Status.DISAPPEARED, Status.COMPLIANT, Status.INAPPLICABLE)

Accounts = Collection[str] | None


def answer(request: dict[str, Any]) -> WaiverTrial | PolicyTrial:
    """Return the answer to a request. Raises PerpendError with one sentence."""
    written, store, repository = (
        request["text"],
        request["store"],
        open_repository(request["repository"], parameters=request.get("parameters")),
    )
    if request["what"] == "waiver":
        accounts = request["accounts"]
        return _try_waiver(written, store, repository, accounts if accounts is None else accounts or [_NOBODY])
    return _try_policy(written, store, repository, request["run"])


def _try_waiver(written: str, store: str, repository: Repository, accounts: Accounts) -> WaiverTrial:
    files = waivers_in(written, "text")
    if files.diagnostics:
        raise PerpendError(_sentence("these waivers cannot be used", files.diagnostics))
    place = open_history(store)
    head = place.head()
    day = DecisionDay.of(day_of(head), named=False)
    with asking(place, tags=by_tags(files.waivers)) as connection:
        findings = only_accounts(history_findings, accounts)
        waiver_matches = match_waivers(connection, findings, files, repository.policy_ids, day)
        rows = tried(connection, waiver_matches)
        policies = frozenset(policy.policy_id for policy in head.policies if policy.number not in head.retired_in())
        objects = only_accounts(partial(evaluated_objects, place), accounts)
        evaluated = EvaluatedScope(policies, in_scope=objects_in_scope(connection, objects, waiver_matches)[0])
    problems = waiver_warnings(waiver_matches, files.approvers, evaluated, repository.values)
    return WaiverTrial(
        head.runs[-1].number,
        day.day,
        sum(waiver_matches.waived.values()),
        len(files.attestations),
        tuple(_line(one) for one in problems[:_MOST_PROBLEMS]),
        tuple(
            TriedWaiver(one.force.value, one.waiver.until, waiver_matches.covers.get(one.waiver.id, 0), one.waiver.id)
            for one in waiver_matches.waiver_statuses
        ),
        tuple(CoveredFindings(row["status"], row["findings"], row["waiver"], row["policy"], row["account"]) for row in rows),
    )


def _try_policy(written: str, store: str, repository: Repository, run: int) -> PolicyTrial:
    program, problems = _compiled(written, repository)
    name = program.input_type
    find_type(name, repository)
    history = open_history(store)
    with open_store(store).reading(run_named(history.head(), str(run)).snapshot) as snapshot:
        table = snapshot.tables.by_name.get(name)
        if table is None:
            raise PerpendError(f"the last run holds no objects of the type {name}: nothing was tried")
        if table.rows > MOST_OBJECTS:
            raise PerpendError(f"the last run has more than {MOST_OBJECTS:,} objects of the type {name}: nothing was tried")
        selection = selection_of(Analyzer(repository), [program])
        with evaluate_snapshot(snapshot, selection, cached=False) as evaluation:
            (column,) = evaluation.shown
            numbers = {status.value: number for status, number in counts_of(column).items() if number}
            first = tuple(_first(evaluation))
            as_of = evaluation.day.time
    declared = program.block.type
    return PolicyTrial(
        run,
        as_of,
        sum(numbers.values()),
        numbers,
        with_api_name(declared.label, declared.name),
        tuple(map(_line, problems[:_MOST_PROBLEMS])),
        first,
    )


def _compiled(written: str, repository: Repository) -> tuple[Program, list[Diagnostic]]:
    """Return the program of a text with the warnings about it. Raises PerpendError for one that cannot be compiled."""
    analyzer = Analyzer(repository)
    loaded = repository.read_logic(_LOGIC, written)
    analyzed = analyzer.analyzed(_LOGIC)
    if analyzed.program is None or loaded.diagnostics:
        raise PerpendError(_sentence("this logic cannot be used", logic_errors(analyzer, _LOGIC) or loaded.diagnostics))
    return analyzed.program, list(analyzed.diagnostics)


def _first(evaluation: Evaluation) -> Iterator[TriedObject]:
    """Yield the first objects: failing ones, then those of which nothing is known, then others."""
    (column,) = evaluation.shown
    outcomes = column.program.verdicts
    groups = [[index for index, one in outcomes.items() if one.status is status] for status in _IN_ORDER]
    rows = [row for group in column.firsts(groups, _MOST_FIRST) for row in group][:_MOST_FIRST]
    objects = dict(zip((row for row, _ in rows), column.objects.with_rows([row for row, _ in rows]), strict=True))
    for (row, _), end in zip(rows, column.verdicts_at(rows, objects), strict=True):
        verdict = verdict_of(column.program, objects[row], end, evaluation.selection.types)
        object_ = verdict.object
        yield TriedObject(verdict.status.value, object_.id, object_.name, verdict.current_state_message)


def _sentence(what: str, faults: Collection[Diagnostic]) -> str:
    """Return one sentence about faults: the first one, and the number of others."""
    first, *others = faults
    more = f", and {counted(len(others), 'more fault')}" if others else ""
    return f"{what}: {_line(first)}{more}"


def _line(problem: Diagnostic) -> str:
    place = f"line {problem.span.line}: " if problem.span.path in ("text", _LOGIC[1:]) else f"{problem.span.path}: "
    return f"{place}{problem.message}"


def answered(request: str) -> str:
    """Return the answer to a request, or the sentence about an error, as JSON."""
    try:
        document = asdict(answer(json.loads(request)))
    except (PerpendError, OSError) as error:
        document = {"error": str(error)}
    return json.dumps(document, default=str)


def main() -> None:
    """Answer the request on standard input."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing but the answer goes to the caller
    answers.write(answered(sys.stdin.read()))
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
