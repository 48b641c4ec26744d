"""Packed policies and a snapshot in, what a pack says of the run out: made when it is written, and once more to check it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.analyze.programs import Analyzer
from perpend.history.identity import program_hash
from perpend.intake.importing import ENGINE
from perpend.ir.ids import production_of
from perpend.judge.judgement import counts_of
from perpend.judge.selection import selection_of
from perpend.judge.stores.snapshots import judge_snapshot
from perpend.meaning.age import age_from_text
from perpend.outputs.as_csv import write_csv
from perpend.outputs.as_waivers import attested_document, waivers_document
from perpend.packs.statement import UnusableStatement
from perpend.plan.kept import SEMANTICS
from perpend.store.files import naming
from perpend.version import __version__
from perpend.waivers.attested import attested_on
from perpend.waivers.judged import waived
from perpend.waivers.read import FOLDER, waivers_below

if TYPE_CHECKING:
    from pathlib import Path

    from perpend.judge.judgement import Judgement
    from perpend.load.repository import Repository
    from perpend.packs.statement import RunPacked
    from perpend.store.snapshot import Snapshot

VERDICTS: Final = "verdicts.csv"
WAIVERS: Final = "waivers.json"
"""The members that judging makes."""

RUNS, INVENTORY = "snapshot/runs/", "snapshot/inventory/"
"""Where a snapshot's manifest and its tables stand in a pack: below ``snapshot/`` is a store."""

VERSIONS: Final = {"perpend": __version__, "semantics": str(SEMANTICS), "engine": ENGINE}
"""What judges here: verdicts of another version may differ, and nobody is to blame for that."""


class CannotJudgeAgain(UnusableStatement):
    """A pack that does not hold what judging it takes."""


@dataclass(frozen=True, slots=True)
class JudgedPack:
    """What judging said of itself, key by key of the predicate, and the files that it wrote."""

    described: dict[str, Any]
    members: dict[str, Path]


def judge_pack(repository: Repository, snapshot: Snapshot, run: RunPacked, directory: Path) -> JudgedPack:
    """Judge a snapshot by the policies of a packed repository, and write verdicts and waivers below a directory.

    Raises CannotJudgeAgain where a policy cannot judge, and StoreError where the snapshot is damaged.
    """
    analyzer = Analyzer(repository)
    programs = []
    for policy_id in run.policies:
        logic_id = production_of(policy_id)
        program = analyzer.analyzed(logic_id).program if logic_id in repository.logic_ids else None
        if program is None:
            raise CannotJudgeAgain(f"the policy {policy_id} cannot judge")
        programs.append(program)
    held = {table.type_name for table in snapshot.tables.by_name.values()}
    if missing := next((one for one in programs if one.input_type not in held), None):
        raise CannotJudgeAgain(f"the snapshot holds no {missing.input_type}, which the policy {missing.policy_id} judges")
    max_age = age_from_text(run.max_age) if run.max_age is not None else None
    if (max_age is None) is not (run.max_age is None):
        raise CannotJudgeAgain("the age that facts may have is no length of time")
    with judge_snapshot(
        snapshot,
        selection_of(analyzer, programs),
        snapshot_time=run.time if run.stated or max_age is None else None,
        today=run.counted_to,
        max_age=max_age,
    ) as judgement:
        members = {VERDICTS: directory / VERDICTS, WAIVERS: directory / WAIVERS}
        with naming(members[VERDICTS]):
            with members[VERDICTS].open("w", encoding="utf-8", newline="", errors="surrogatepass") as stream:
                write_csv(judgement, stream, facts=run.inputs)
            members[WAIVERS].write_text(_waivers(judgement, repository), "utf-8")
        return JudgedPack(_described(snapshot, judgement, run), members)


def _waivers(judgement: Judgement, repository: Repository) -> str:
    """Return what waivers cover on the run's day, and which attestations hold, as JSON."""
    files = waivers_below(repository.files, FOLDER)
    if files.diagnostics:
        raise CannotJudgeAgain(f"its waivers cannot be read: {files.diagnostics[0].message}")
    counts = {column.program.policy_id: counts_of(column) for column in judgement.verdicts}
    covering = waived(judgement, files, repository.policy_ids).covering
    document = {
        "waivers": waivers_document(covering),
        "attestations": [attested_document(one) for one in attested_on(files, covering.day, repository, counts)],
    }
    return json.dumps(document, indent=1) + "\n"


def _described(snapshot: Snapshot, judgement: Judgement, run: RunPacked) -> dict[str, Any]:
    return {
        "run": {
            "snapshot": snapshot.id,
            "content": snapshot.content_hash,
            "stored": moment_text(snapshot.created),
            "storedBy": snapshot.engine,
            "time": moment_text(judgement.day.time),
            "timeStated": run.stated,
            "maxAge": run.max_age,
            "agesCountedTo": moment_text(run.counted_to) if run.counted_to else None,
        },
        "policies": [{"id": one.policy_id, "type": one.input_type, "program": program_hash(one)} for one in judgement.programs],
        "sources": [
            {
                "name": one.name,
                "kind": one.kind,
                "observedAt": moment_text(one.observed_at) if one.observed_at else None,
                "objects": one.objects,
                "accounts": list(one.accounts),
                "regions": list(one.regions),
            }
            for one in snapshot.sources
        ],
        "lacking": [{"source": one.source, "reason": one.reason} for one in snapshot.failures],
        "verdicts": {
            "objects": judgement.ledger.objects,
            **{status.value: number for status, number in judgement.ledger.counts.items()},
        },
    }


def moment_text(moment: datetime) -> str:
    """Return a moment as a statement has it: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
