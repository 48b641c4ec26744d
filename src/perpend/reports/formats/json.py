"""Write verdicts as one JSON document, or as one JSON text per line. Keys may be added, and are never renamed.

The output is ASCII, so that it is the same under every locale and safe on a terminal.
"""

from __future__ import annotations

import json
from itertools import chain
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.status import Status
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.evaluation import times_of
from perpend.evaluation.verdicts.verdict import message_of, remediation_of
from perpend.reports.formats.decisions import rating_document, severities_document, waivers_document
from perpend.reports.formats.lines import Sql, concat, verdict_lines, write_lines
from perpend.reports.formats.references import VerdictFormat
from perpend.reports.formats.requirements import frameworks_json
from perpend.reports.formats.subjects import account_of, account_with_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import TextIO

    from perpend.core.objects.account import Account
    from perpend.core.objects.inventory import CloudObject, Source
    from perpend.evaluation.verdicts.evaluation import Evaluation, Totals
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.language.program.program import Program
    from perpend.reports.formats.lines import Outcome
    from perpend.reports.formats.row_values import StoredRows


_BETWEEN: Final = ",\n"
_FIXED: Final = ("conditionText", "currentStateMessage", "remediationMessage")
"""The keys whose values are the same for all objects with an outcome, unless there is a runtime error."""


def write_json(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    covering: WaiverMatches | None = None,
    weighed: RatedEvaluation | None = None,
    decided: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Write one object: totals, the snapshot, policies that were not evaluated, frameworks, and the verdicts, one a line.

    ``accounts`` are the configured accounts, by their numbers, for their objects. ``covering`` are the waived verdicts,
    ``weighed`` the severities, and ``decided`` the settings that change the exit code: key, value and place.
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
    texts = _lines(evaluation, accounts or {}, _OutcomeText(weighed, before=_BETWEEN), "}")
    write_lines(chain([next(texts, b"").removeprefix(_BETWEEN.encode())], texts), stream)
    stream.write("\n]}\n")


def write_ndjson(
    evaluation: Evaluation,
    stream: TextIO,
    *,
    accounts: Mapping[str, Account] | None = None,
    compact: bool = False,
    weighed: RatedEvaluation | None = None,
) -> None:
    """Write each verdict as one line of JSON. ``accounts`` and ``weighed`` as in ``write_json``.

    ``compact``: a first line contains the texts of each outcome once, and verdicts leave them out. A filter is written in the
    first line, otherwise in each line.
    """
    if compact:
        filtered = {"filter": _filter(evaluation)} if evaluation.filter_verdicts else {}
        stream.write(json.dumps({"verdicts": _fixed_texts(evaluation), **filtered}, separators=(",", ":")) + "\n")
    filter_verdicts = None if compact else evaluation.filter_verdicts
    ending = "}\n" if filter_verdicts is None else f',"filter":{json_text(filter_verdicts.words)}}}\n'
    write_lines(_lines(evaluation, accounts or {}, _OutcomeText(weighed, compact=compact), ending), stream)


def _fixed_texts(evaluation: Evaluation) -> dict[str, dict[int, dict[str, str | None]]]:
    """Return the texts of each outcome that occurs, by policy and index."""
    texts: dict[str, dict[int, dict[str, str | None]]] = {}
    for column in evaluation.verdicts:
        of_policy = texts.setdefault(column.program.policy_id, {})
        for index in sorted(column.counted()):
            outcome = _outcome_of(column.program, index, None)
            of_policy[index] = {key: outcome[key] for key in _FIXED}
    return texts


def _filter(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the filter and the number of written verdicts; None if all are written."""
    filter_verdicts = evaluation.filter_verdicts
    return None if filter_verdicts is None else {"options": filter_verdicts.words, "verdicts": filter_verdicts.number}


def _ledger(ledger: Totals) -> dict[str, int]:
    counts = {status.value: ledger.counts[status] for status in Status}
    return {"objects": ledger.objects, "verdicts": ledger.verdicts, **counts}


def _snapshot(evaluation: Evaluation) -> dict[str, Any]:
    day = evaluation.day
    sources = [_source(source) for source in sorted(evaluation.inventory.sources, key=lambda source: source.name)]
    unread = [*evaluation.inventory.unread]
    lacking = evaluation.unread(beside=unread)
    return {"time": _iso(day.time), "assumed": day.assumed, "sources": sources, "unread": unread, "lacking": lacking}


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "observedAt": None if source.observed_at is None else _iso(source.observed_at),
        "objects": source.objects,
        "accounts": list(source.accounts),
    }


def _lines(evaluation: Evaluation, accounts: Mapping[str, Account], outcome: _OutcomeText, ending: str) -> Iterator[bytes]:
    described = _Describer(evaluation, accounts, ending)
    written = VerdictFormat(evaluation, outcome, described, references="all", adjustments=outcome.adjustments)
    return verdict_lines(evaluation, written)


class _OutcomeText:
    """Renders outcomes of programs, each after ``before``, with a rating if there are ratings.

    ``compact``: texts that are the same for all objects with an outcome are left out.
    """

    def __init__(self, weighed: RatedEvaluation | None, *, before: str = "", compact: bool = False) -> None:
        self._weighed = weighed
        self._before = before
        self._compact = compact
        self.adjustments = weighed.steps if weighed else None

    def __call__(self, ended: Outcome) -> str:
        program, index, error, steps = ended
        outcome = _outcome_of(program, index, error)
        if self._compact:
            fixed = _outcome_of(program, index, None)
            outcome = {key: value for key, value in outcome.items() if key not in _FIXED or value != fixed[key]}
        if self._weighed is not None:
            rating = self._weighed.in_force.of(program.policy_id, steps)
            outcome["rating"] = rating_document(rating, program.verdicts[index].status)
        return self._before + json.dumps(outcome, separators=(",", ":"))[:-1] + ',"references":'


def _outcome_of(program: Program, index: int, error: str | None) -> dict[str, Any]:
    verdict = program.verdicts[index]
    return {
        "policyId": program.policy_id,
        "status": verdict.status.value,
        "conditionIndex": index,
        "conditionText": verdict.text,
        "currentStateMessage": message_of(verdict, error),
        "remediationMessage": remediation_of(program, verdict),
        "runtimeError": error,
    }


class _Describer:
    """Renders objects, each followed by ``ending``. The account of consecutive objects is rendered once."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account], ending: str) -> None:
        self._evaluation = evaluation
        self._ending = ending
        self._accounts = accounts
        self._types: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._times = times_of(evaluation.inventory)
        self._master: tuple[str, ...] | None = None
        self._master_text = "null"

    def __call__(self, object_: CloudObject) -> tuple[str, str]:
        names = f'"id":{json_text(object_.id)},"name":{json_text(object_.name)}'
        identity = f'{names},"externalId":{json_text(object_.external_id)}'
        master, account = self._master_of(object_), _account(account_of(object_, self._accounts))
        described = f'{identity},{self._type(object_.type_name)},"master":{master},"account":{account}'
        description = f"{described},{self._source(object_.origin.source)}"
        return "[", f'],"object":{{{description}}}{self._ending}'

    def in_sql(self, rows: StoredRows) -> tuple[str, str]:
        """Return the texts in SQL."""
        object_type = rows.object_type
        master, lookup = "'null'", object_type.lookups.get(object_type.master or "")
        if lookup is not None:
            master_id = rows.text(rows.master_id)
            parts = (f'{{{self._type(lookup.target)},"id":', ',"externalId":', ',"name":', "}")
            start, external, named, end = map(text_literal, parts)
            text = concat([start, master_id, external, master_id, named, rows.text(rows.master_name), end])
            master = f"CASE WHEN {rows.master_id} IS NULL THEN 'null' ELSE {text} END"
        names = (rows.id, rows.external_id, rows.master_id, rows.master_name)
        account = rows.called(self._account_text, *names) if self._accounts else "'null'"
        identity = [rows.text(one) for one in (rows.id, rows.name, rows.external_id)]
        keys = ('],"object":{"id":', ',"name":', ',"externalId":', f',{self._type(object_type.name)},"master":')
        behind = [part for key, value in zip(keys, [*identity, master], strict=True) for part in (text_literal(key), value)]
        source = rows.of_source([self._source(name) for name in rows.sources])
        behind += [text_literal(',"account":'), account, "','", source, text_literal(f"}}{self._ending}")]
        return "[", Sql(concat(behind))

    def _account_text(
        self, object_id: str | None, external_id: str | None, master_id: str | None, master_name: str | None
    ) -> str:
        return _account(account_with_names(self._accounts, object_id, external_id, master_id, master_name))

    def _source(self, name: str) -> str:
        if name not in self._sources:
            time = self._times.get(name)
            self._sources[name] = f'"source":{json_text(name)},"observedAt":{json.dumps(time and _iso(time))}'
        return self._sources[name]

    def _master_of(self, object_: CloudObject) -> str:
        master = object_.master
        named = (master.type_name, master.id, master.name, master.external_id) if master else None
        if named != self._master:
            self._master, self._master_text = named, "null"
            if master is not None:
                identity = {"id": master.id, "externalId": master.external_id, "name": master.name}
                self._master_text = f"{{{self._type(master.type_name)},{json.dumps(identity, separators=(',', ':'))[1:]}"
        return self._master_text

    def _type(self, name: str) -> str:
        if name not in self._types:
            label = self._evaluation.type_label(name)
            self._types[name] = f'"typeApiName":{json_text(name)},"typeName":{json_text(label)}'
        return self._types[name]


def _account(owner: tuple[str, Account] | None) -> str:
    if owner is None:
        return "null"
    number, account = owner
    return json.dumps({"id": number, "name": account.name, "owner": account.owner}, separators=(",", ":"))


def _iso(time: datetime) -> str:
    return iso_from_milliseconds(milliseconds_from_datetime(time))
