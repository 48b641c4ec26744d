"""Evaluate the policies of an evidence pack, and write its results: once to create it, and again to verify it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.core.values.age import age_from_text
from perpend.evaluation.planner.cached_columns import SEMANTICS
from perpend.evaluation.verdicts.evaluation import counts_of
from perpend.evaluation.verdicts.requirements import HumanDecisions, scorecards_of
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.findings.history.identity import program_hash
from perpend.findings.severity.adjustments import shifted_findings
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.read import FOLDER as RATINGS_FOLDER
from perpend.findings.severity.read import ratings_below
from perpend.findings.severity.results import rated_evaluation
from perpend.findings.waivers.attestations import attested_on, attested_policies
from perpend.findings.waivers.read import FOLDER as WAIVERS_FOLDER
from perpend.findings.waivers.read import waivers_below
from perpend.findings.waivers.run_findings import covered, waived
from perpend.inventory.importers.import_snapshot import ENGINE
from perpend.inventory.snapshots.files import naming
from perpend.language.compiler.analyzer import Analyzer
from perpend.reports.evidence.statement import UnusableStatement, choice_document, record_document
from perpend.reports.formats.csv import write_csv
from perpend.reports.formats.decisions import (
    attestation_document,
    ratings_document,
    severities_document,
    waivers_document,
    write_waived_findings,
)
from perpend.reports.formats.requirements import write_requirements
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TextIO

    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.statement import EvidenceRun

VERDICTS: Final = "verdicts.csv"
WAIVERS: Final = "waivers.json"
WAIVED: Final = "waived.csv"
RATINGS: Final = "ratings.json"
REQUIREMENTS: Final = "requirements.csv"
"""The members that an evaluation writes: the first two always, the others if they have content."""

MAY_BE_MADE: Final = frozenset((VERDICTS, WAIVERS, WAIVED, RATINGS, REQUIREMENTS))
"""All members that an evaluation may write. If one exists and is not written again, it was not made by Perpend."""

RUNS, INVENTORY = "snapshot/runs/", "snapshot/inventory/"
"""The places of a snapshot's manifest and tables in an evidence pack: ``snapshot/`` is a store."""

VERSIONS: Final = {"perpend": __version__, "semantics": str(SEMANTICS), "engine": ENGINE}
"""The versions that evaluate here. Verdicts of another version may differ without a fault."""


class CannotReEvaluate(UnusableStatement):
    """An evidence pack lacks something that evaluating it needs."""


@dataclass(frozen=True, slots=True)
class EvaluatedEvidence:
    """An evaluation: its part of the predicate, and the files that it wrote by member name."""

    described: dict[str, Any]
    members: dict[str, Path]


def evaluate_evidence(repository: Repository, snapshot: Snapshot, run: EvidenceRun, directory: Path) -> EvaluatedEvidence:
    """Select policies of a packed repository, evaluate a snapshot, and write the results below a directory.

    Raises UnknownName if no policy can be selected, CannotReEvaluate for a maximal age that is none, and StoreError if the
    snapshot is damaged.
    """
    selection = run.choice.select(Analyzer(repository), snapshot)
    max_age = age_from_text(run.max_age) if run.max_age is not None else None
    if (max_age is None) is not (run.max_age is None):
        raise CannotReEvaluate("the maximal age is not a length of time")
    with evaluate_snapshot(
        snapshot,
        selection,
        snapshot_time=run.time if run.stated or max_age is None else None,
        today=run.counted_to,
        max_age=max_age,
    ) as evaluation:
        with naming(directory):
            members = _write(evaluation, repository, run, directory)
        return EvaluatedEvidence(_described(snapshot, evaluation, run), members)


def _write(evaluation: Evaluation, repository: Repository, run: EvidenceRun, directory: Path) -> dict[str, Path]:
    """Write the results below a directory, and return the files by their names in the evidence pack."""
    files = waivers_below(repository.files, WAIVERS_FOLDER)
    ratings = ratings_below(repository.files, RATINGS_FOLDER)
    for name, diagnostics in (("waivers", files.diagnostics), ("ratings", ratings.diagnostics)):
        if diagnostics:
            raise CannotReEvaluate(f"its {name} cannot be read: {diagnostics[0].message}")
    counts = {column.program.policy_id: counts_of(column) for column in evaluation.verdicts}
    waiver_matches = waived(evaluation, files, repository.policy_ids, replayed=True)
    attested = attested_on(files, waiver_matches.day, repository, counts)
    in_force = ratings_in_force(ratings, repository.policy_ids)
    shifted = shifted_findings(evaluation, in_force.shifts, waiver_matches) if in_force.shifts else ()
    severities = rated_evaluation(evaluation, in_force, waiver_matches, shifted) if in_force.by_policy else None
    members = {VERDICTS: directory / VERDICTS, WAIVERS: directory / WAIVERS}
    with _stream(members[VERDICTS]) as stream:
        write_csv(evaluation, stream, facts=run.inputs, weighed=severities, references="all")
    attestations = [attestation_document(one) for one in attested]
    _write_json({"waivers": waivers_document(waiver_matches), "attestations": attestations}, members[WAIVERS])
    if waiver_matches.waived:
        members[WAIVED] = directory / WAIVED
        with _stream(members[WAIVED]) as stream, covered(evaluation, waiver_matches) as rows:
            write_waived_findings(rows, stream)
    if severities is not None:
        members[RATINGS] = directory / RATINGS
        _write_json({**ratings_document(in_force), "severities": severities_document(severities)}, members[RATINGS])
    if evaluation.selection.frameworks:
        members[REQUIREMENTS] = directory / REQUIREMENTS
        waived_numbers = {policy_id: waiver_matches.waived_of(policy_id) for policy_id in counts}
        answered = HumanDecisions(waived_numbers, attested_policies(attested))
        with _stream(members[REQUIREMENTS]) as stream:
            cards = scorecards_of(evaluation.selection.frameworks, counts, answered, evaluation.in_part())
            write_requirements(cards, REQUIREMENTS, stream)
    return members


def _stream(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="", errors="surrogatepass")


def _write_json(document: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _described(snapshot: Snapshot, evaluation: Evaluation, run: EvidenceRun) -> dict[str, Any]:
    return {
        "run": {
            "snapshot": snapshot.id,
            "content": snapshot.content_hash,
            "stored": moment_text(snapshot.created),
            "storedBy": snapshot.engine,
            "time": moment_text(evaluation.day.time),
            "timeStated": run.stated,
            "maxAge": run.max_age,
            "agesCountedTo": moment_text(run.counted_to) if run.counted_to else None,
        },
        "asked": choice_document(run.choice),
        "notAsked": _not_selected(evaluation.selection),
        **_parameters(evaluation),
        "history": _history(evaluation, run),
        "policies": [
            {"id": program.policy_id, "type": program.input_type, "program": program_hash(program)}
            for program in evaluation.programs
        ],
        "sources": [
            {
                "name": source.name,
                "kind": source.kind,
                "observedAt": moment_text(source.observed_at) if source.observed_at else None,
                "objects": source.objects,
                "accounts": list(source.accounts),
                "regions": list(source.regions),
            }
            for source in snapshot.sources
        ],
        "lacking": [{"source": failure.source, "reason": failure.reason} for failure in snapshot.failures],
        "verdicts": {
            "objects": evaluation.ledger.objects,
            **{status.value: number for status, number in evaluation.ledger.counts.items()},
        },
    }


def _parameters(evaluation: Evaluation) -> dict[str, Any]:
    """Return the values of parameters by policy and name; nothing if no policy has parameters."""
    values = {
        program.policy_id: {value.name: value.value for value in program.parameters}
        for program in evaluation.programs
        if program.parameters
    }
    return {"parameters": values} if values else {}


def _not_selected(selection: Selection) -> dict[str, list[str]]:
    """Return the selected policies that were not evaluated, by the reason."""
    return {
        "haveErrors": sorted(selection.refused),
        "needMoreThanWasRead": sorted(selection.set_aside),
        "excluded": sorted(selection.excluded),
        "judgeTypesWithoutObjects": sorted(selection.absent),
    }


def _history(evaluation: Evaluation, run: EvidenceRun) -> dict[str, Any] | None:
    """Return the record of the run with the policies that contradict it; None without a record.

    ``changedSince`` are policies whose program in the run was another one, or is not known. ``moreThanFound`` are others with
    more compliant or inapplicable verdicts than the history counted after the run.
    """
    record = run.record
    if record is None:
        return None
    changed = [
        program.policy_id for program in evaluation.programs if record.programs.get(program.policy_id) != program_hash(program)
    ]
    passing = {column.program.policy_id: passing_of(counts_of(column)) for column in evaluation.verdicts}
    more = [
        policy_id
        for policy_id, number in record.passing.items()
        if policy_id not in changed and passing.get(policy_id, 0) > number
    ]
    return {**record_document(record), "changedSince": changed, "moreThanFound": more}


def passing_of(counts: Mapping[Status, int]) -> int:
    """Return the number of compliant and inapplicable verdicts."""
    return counts.get(Status.COMPLIANT, 0) + counts.get(Status.INAPPLICABLE, 0)


def moment_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
