"""Write verdicts as one JSON document, or as one JSON text per line. Keys may be added, and are never renamed.

The output is ASCII, so that it is the same under every locale and safe on a terminal.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.reports.formats.decisions import rating_document, severities_document, waivers_document
from perpend.reports.formats.evaluated_rows import EvaluatedRows, RowColumns
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.requirements import frameworks_json
from perpend.reports.formats.row_values import json_text_sql
from perpend.reports.formats.values import iso_time, reference_start, statuses_with_references, times_of_sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import Source
    from perpend.evaluation.verdicts.evaluation import Evaluation, Totals
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.reports.formats.evaluated_rows import RowOutcome
    from perpend.reports.formats.row_values import StoredRows


_BETWEEN: Final = ",\n"


def write_json(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    covering: WaiverMatches | None = None,
    weighed: RatedEvaluation | None = None,
    decided: Sequence[tuple[str, str, str]] = (),
    references: str = REFERENCES[0],
) -> None:
    """Write one object: totals, the snapshot, policies that were not evaluated, frameworks, and the verdicts, one a line.

    ``accounts`` are the configured accounts, by their numbers, for their objects. ``covering`` are the waived verdicts,
    ``weighed`` the severities, and ``decided`` the settings that change the exit code: key, value and place.
    ``references``: ``findings`` are those of incompliant and undetermined verdicts, with long values cut; ``all`` are those of
    all, in full.
    """
    ledger = json.dumps(_ledger(evaluation.ledger), separators=(",", ":"))
    snapshot = json.dumps(_snapshot(evaluation), separators=(",", ":"))
    set_aside = json.dumps(evaluation.selection.set_aside, separators=(",", ":"))
    excluded = json.dumps(evaluation.selection.excluded, separators=(",", ":"))
    refused = json.dumps([*evaluation.selection.refused], separators=(",", ":"))
    stream.write(f'{{"ledger":{ledger},\n"snapshot":{snapshot},\n"setAside":{set_aside},\n"excluded":{excluded},\n')
    stream.write(f'"refused":{refused},\n')
    frameworks, filtered = frameworks_json(evaluation.scorecards()), json.dumps(_filter(evaluation), separators=(",", ":"))
    waivers = json.dumps(waivers_document(covering), separators=(",", ":"))
    stream.write(f'"frameworks":{frameworks},\n"waivers":{waivers},\n"filter":{filtered},\n')
    if weighed is not None:
        stream.write(f'"severities":{json.dumps(severities_document(weighed), separators=(",", ":"))},\n')
    if decided:
        settings = [dict(zip(("key", "value", "place"), setting, strict=True)) for setting in decided]
        stream.write(f'"exitCodeBy":{json.dumps(settings, separators=(",", ":"))},\n')
    stream.write('"verdicts":[\n')
    relation = _relation(evaluation, accounts or {}, weighed, references)
    relation.write(f"concat({text_literal(_BETWEEN)}, {_LINE}, '}}')", stream, before_first=_BETWEEN)
    stream.write("\n]}\n")


def write_ndjson(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    weighed: RatedEvaluation | None = None,
    references: str = REFERENCES[0],
) -> None:
    """Write each verdict as one line of JSON, with the filter if there is one. The arguments are as in ``write_json``."""
    shown = evaluation.filter_verdicts
    ending = "}\n" if shown is None else f',"filter":{json_text(shown.words)}}}\n'
    _relation(evaluation, accounts or {}, weighed, references).write(f"concat({_LINE}, {text_literal(ending)})", stream)


def _filter(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the filter and the number of written verdicts; None if all are written."""
    shown = evaluation.filter_verdicts
    if shown is None:
        return None
    return {
        "options": shown.words,
        "verdicts": shown.number,
        "objectsWithUnknownTags": shown.tags_unknown,
        "unusedObjects": shown.unused,
    }


def _ledger(ledger: Totals) -> dict[str, int]:
    counts = {status.value: ledger.counts[status] for status in Status}
    return {"objects": ledger.objects, "verdicts": ledger.verdicts, **counts}


def _snapshot(evaluation: Evaluation) -> dict[str, Any]:
    day = evaluation.day
    sources = [_source(source) for source in sorted(evaluation.inventory.sources, key=lambda source: source.name)]
    unread = [*evaluation.inventory.unread]
    unread_types = evaluation.unread(beside=unread)
    return {"time": iso_time(day.time), "assumed": day.assumed, "sources": sources, "unread": unread, "lacking": unread_types}


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "observedAt": None if source.observed_at is None else iso_time(source.observed_at),
        "objects": source.objects,
        "accounts": list(source.accounts),
    }


_LINE: Final = "r.outcome, ',\"references\":[', r.read_values, '],\"object\":', r.object"
"""The parts of a verdict's text, up to its last bracket."""


def _relation(
    evaluation: Evaluation, accounts: Mapping[str, Account], rated: RatedEvaluation | None, references: str
) -> EvaluatedRows:
    """Return the rows with an outcome as JSON without its last bracket, and an object as JSON."""
    columns = RowColumns(
        {"outcome": "VARCHAR"},
        lambda outcome: (_compact(_outcome(outcome, rated))[:-1],),
        lambda rows: {"object": _object(rows, evaluation, accounts)},
        reference_start(evaluation),
        statuses_with_references(references),
        whole=references == "all",
    )
    return EvaluatedRows(evaluation, columns, rated)


def _outcome(outcome: RowOutcome, rated: RatedEvaluation | None) -> dict[str, Any]:
    program, index, error, steps = outcome
    verdict = program.verdicts[index]
    rating = {} if rated is None else {"rating": rating_document(rated.in_force.of(program.policy_id, steps), verdict.status)}
    return {
        "policyId": program.policy_id,
        "status": verdict.status.value,
        "conditionIndex": index,
        "conditionText": verdict.text,
        "currentStateMessage": message_of(verdict, error),
        "remediationMessage": remediation_of(program, verdict),
        "runtimeError": error,
        **rating,
    }


def _object(rows: StoredRows, evaluation: Evaluation, accounts: Mapping[str, Account]) -> str:
    """Return the expression of an object as JSON."""

    def type_members(type_name: str) -> str:
        return f'"typeApiName":{json_text(type_name)},"typeName":{json_text(evaluation.type_label(type_name))}'

    object_type, master = rows.object_type, "'null'"
    if lookup := object_type.lookups.get(object_type.master or ""):
        identity = json_text_sql(rows.master_id)
        members = {f'{{{type_members(lookup.target)},"id":': identity, ',"externalId":': identity}
        master = _joined(members | {',"name":': json_text_sql(rows.master_name), "}": "''"})
        master = f"CASE WHEN {rows.master_id} IS NULL THEN 'null' ELSE {master} END"
    described = {number: _compact({"id": number, "name": one.name, "owner": one.owner}) for number, one in accounts.items()}
    other = _joined({'{"id":': json_text_sql(rows.account), ',"name":null,"owner":null}': "''"})
    sources = [
        f'"source":{json_text(source)},"observedAt":{json.dumps(time)}'
        for source, time in times_of_sources(evaluation, rows.sources)
    ]
    return _joined(
        {
            '{"id":': json_text_sql(rows.id),
            ',"name":': json_text_sql(rows.name),
            ',"externalId":': json_text_sql(rows.external_id),
            f',{type_members(object_type.name)},"master":': master,
            ',"account":': rows.of_account(described, other, "null"),
            ',"region":': json_text_sql(rows.region),
            ",": rows.of_source(sources),
            "}": "''",
        }
    )


def _joined(parts: Mapping[str, str]) -> str:
    """Return the expression of texts, each followed by the value of an expression."""
    return f"concat({', '.join(f'{text_literal(text)}, {expression}' for text, expression in parts.items())})"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
