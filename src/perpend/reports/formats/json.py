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
from perpend.reports.formats.lines import Sql, concat, verdict_lines, write_lines
from perpend.reports.formats.object_texts import ObjectTexts, iso_time
from perpend.reports.formats.references import VerdictFormat
from perpend.reports.formats.registry import REFERENCES
from perpend.reports.formats.requirements import frameworks_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    ``weighed`` the severities, and ``decided`` the settings that change the exit code: key, value and place. ``references``:
    ``findings`` are those of incompliant and undetermined verdicts, with long values cut; ``all`` are those of all, in full.
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
    outcome = _OutcomeText(weighed, before=_BETWEEN, after=',"references":')
    written = VerdictFormat(
        evaluation, outcome, _Described(evaluation, accounts or {}, "}"), references=references, adjustments=outcome.adjustments
    )
    write_lines(verdict_lines(evaluation, written), stream, without=_BETWEEN)
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
    described = _Described(evaluation, accounts or {}, "}\n" if shown is None else f',"filter":{json_text(shown.words)}}}\n')
    outcome = _OutcomeText(weighed, after=',"references":')
    written = VerdictFormat(evaluation, outcome, described, references=references, adjustments=outcome.adjustments)
    write_lines(verdict_lines(evaluation, written), stream)


def _filter(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the filter and the number of written verdicts; None if all are written."""
    shown = evaluation.filter_verdicts
    if shown is None:
        return None
    return {"options": shown.words, "verdicts": shown.number, "objectsWithUnknownTags": shown.tags_unknown}


def _ledger(ledger: Totals) -> dict[str, int]:
    counts = {status.value: ledger.counts[status] for status in Status}
    return {"objects": ledger.objects, "verdicts": ledger.verdicts, **counts}


def _snapshot(evaluation: Evaluation) -> dict[str, Any]:
    day = evaluation.day
    sources = [_source(source) for source in sorted(evaluation.inventory.sources, key=lambda source: source.name)]
    unread = [*evaluation.inventory.unread]
    lacking = evaluation.unread(beside=unread)
    return {"time": iso_time(day.time), "assumed": day.assumed, "sources": sources, "unread": unread, "lacking": lacking}


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "observedAt": None if source.observed_at is None else iso_time(source.observed_at),
        "objects": source.objects,
        "accounts": list(source.accounts),
    }


class _OutcomeText:
    """Writes outcomes of programs between two texts, with a rating if there are ratings."""

    def __init__(self, weighed: RatedEvaluation | None, *, before: str = "", after: str) -> None:
        self._weighed = weighed
        self._before = before
        self._after = after
        self.adjustments = weighed.steps if weighed else None

    def __call__(self, ended: Outcome) -> str:
        program, index, error, steps = ended
        outcome = _outcome_of(program, index, error)
        if self._weighed is not None:
            rating = self._weighed.in_force.of(program.policy_id, steps)
            outcome["rating"] = rating_document(rating, program.verdicts[index].status)
        return self._before + json.dumps(outcome, separators=(",", ":"))[:-1] + self._after


class _Described:
    """Writes the objects behind the references of verdicts, each followed by ``ending``."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account], ending: str) -> None:
        self._objects = ObjectTexts(evaluation, accounts)
        self._ending = ending

    def __call__(self, object_: CloudObject) -> tuple[str, str]:
        return "[", f'],"object":{self._objects(object_)}{self._ending}'

    def in_sql(self, rows: StoredRows) -> tuple[str, str]:
        """Return both texts in SQL."""
        parts = [text_literal('],"object":'), self._objects.in_sql(rows), text_literal(self._ending)]
        return "[", Sql(concat(parts))


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
