"""Evaluate the current snapshot of a store, or read its cached results. Only the listed objects are read."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.verdicts.evaluation_time import evaluation_time
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.verdict import message_of, remediation_of, values_read
from perpend.inventory.snapshots.store import IN_FORCE, Store
from perpend.reports.site.content.verdicts.tally import (
    LISTED,
    NO_ACCOUNT,
    SHOWN,
    EvaluatedObject,
    InvalidVerdicts,
    Observed,
    ObservedSource,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from perpend.core.objects.inventory import CloudObject, Source
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.waivers.active import ActiveWaivers
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.reports.site.content.verdicts.tally import Tally


def watched_path(path: Path) -> Path:
    """Return the file that changes with the verdicts: of a store, the file that names the current snapshot."""
    return path / IN_FORCE if path.is_dir() else path


def state_of(directory: Path) -> tuple[str, ...]:
    """Return the ID of a store's current snapshot, its evaluation time and today: with these, verdicts and waivers change."""
    with Store(directory).reading() as snapshot:
        time = _iso(evaluation_time([source.observed_at for source in snapshot.sources]).time)
        return snapshot.id, time, datetime.now(UTC).date().isoformat()


def read_store(directory: Path, tally: Tally, analyzer: Analyzer, names: Mapping[str, str], waivers: ActiveWaivers) -> None:
    """Evaluate a snapshot. ``names`` are the names of accounts, by number. Raise ``StoreError``."""
    with Store(directory).reading() as snapshot:
        selection = select_policies(analyzer, over=snapshot)
        if not selection.programs:
            raise InvalidVerdicts(f"{directory}: no policy of the repository is for objects of this store")
        with evaluate_snapshot(snapshot, selection) as evaluation:
            _read(evaluation, tally, names)
            tally.book.decisions = waivers.answered(evaluation, waivers.covered(evaluation))


def _read(evaluation: Evaluation, tally: Tally, names: Mapping[str, str]) -> None:
    sources = tuple(_source(source) for source in sorted(evaluation.inventory.sources, key=lambda source: source.name))
    tally.book.inputs = "--store DIR"
    tally.book.in_part = evaluation.in_part()
    tally.book.observed = Observed(_iso(evaluation.day.time), evaluation.day.assumed, sources)
    for column in evaluation.verdicts:
        tally.add_policy(column.program.policy_id)
        for index, number in column.counted().items():
            status = column.program.verdicts[index].status.value
            tally.add(column.program.policy_id, status, index, number, type_name=column.program.input_type)
        _list(evaluation, column, tally, names)
    _count_accounts(evaluation, tally, names)


def _list(evaluation: Evaluation, column: Verdicts, tally: Tally, names: Mapping[str, str]) -> None:
    """Add the first objects of each listed status."""
    program = column.program
    groups = [[index for index, verdict in program.verdicts.items() if verdict.status.value == status] for status in LISTED]
    for status, verdicts in zip(LISTED, column.firsts(groups, SHOWN), strict=True):
        objects = column.objects.at([place for place, _ in verdicts])
        listed = tally.listed(program.policy_id, status) if verdicts else None
        for (place, _), end in zip(verdicts, column.verdicts_at(verdicts, objects), strict=True):
            if listed is not None:
                listed.append(_evaluated_object(evaluation, column, objects[place], end, names))


def _evaluated_object(
    evaluation: Evaluation, column: Verdicts, object_: CloudObject, end: EvaluationOutcome, names: Mapping[str, str]
) -> EvaluatedObject:
    program, (index, error) = column.program, end
    verdict = program.verdicts[index]
    return EvaluatedObject(
        object_.id,
        object_.name,
        object_.external_id,
        _account(object_, names),
        index,
        message_of(verdict, error),
        remediation_of(program, verdict) or "",
        tuple(
            (evaluation.label_of(program.input_type, read), text_of(value))
            for read, value in zip(program.reads, values_read(object_.fields, program.reads), strict=True)
        ),
    )


def _count_accounts(evaluation: Evaluation, tally: Tally, names: Mapping[str, str]) -> None:
    """Count results by account. If all sources have the same single account, no object is read."""
    of_sources = {source.accounts for source in evaluation.inventory.sources}
    if len(of_sources) == 1 and len(only := next(iter(of_sources))) == 1:
        for outcome in filter(evaluation.ledger.counts.get, evaluation.ledger.counts):
            tally.add_account(_called(only[0], only, names), outcome.value, evaluation.ledger.counts[outcome])
        return
    for type_name in evaluation.selection.by_type():
        for (account, status), number in _of_type(evaluation, type_name, names).items():
            tally.add_account(account, status, number)


def _of_type(evaluation: Evaluation, type_name: str, names: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """Count the results of all objects of a type by account and status."""
    columns = [column for column in evaluation.verdicts if column.program.input_type == type_name]
    statuses = [{index: verdict.status.value for index, verdict in column.program.verdicts.items()} for column in columns]
    counts: Counter[tuple[str, str]] = Counter()
    for objects, ends in columns[0].objects.chunks(columns):
        owners = [_account(object_, names) for object_ in objects]
        for known, of_column in zip(statuses, ends, strict=True):
            counts.update(zip(owners, (known[index] for index, _ in of_column), strict=True))
    return counts


def _account(object_: CloudObject, names: Mapping[str, str]) -> str:
    if (master := object_.master) is None:
        return NO_ACCOUNT
    return _called(master.name or master.external_id or master.id, (master.id, master.external_id), names)


def _called(account: str, numbers: Iterable[str], names: Mapping[str, str]) -> str:
    name = next((names[number] for number in (account, *numbers) if number in names), "")
    return f"{name} ({account})" if name else account or NO_ACCOUNT


def _source(source: Source) -> ObservedSource:
    time = "" if source.observed_at is None else _iso(source.observed_at)
    return ObservedSource(source.name, source.kind, time, source.objects, tuple(source.accounts))


def _iso(time: datetime) -> str:
    return iso_from_milliseconds(milliseconds_from_datetime(time))
