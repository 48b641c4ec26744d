"""A snapshot and a choice of policies in, one file with all that a run consists of out.

It is judged from the packed policies, so that what is packed is what judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from perpend.core.objects.status import Status
from perpend.inventory.snapshots.files import StoreError, digest_of, shown
from perpend.inventory.snapshots.snapshot import manifest_path
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.repository import open_repository
from perpend.reports.evidence.archive import refuse_names, refuse_sizes, write_archive
from perpend.reports.evidence.policies import POLICIES, copy_repository
from perpend.reports.evidence.results import INVENTORY, RUNS, VERSIONS, evaluate_pack
from perpend.reports.evidence.statement import Statement, digest_of_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.statement import RunPacked

STATEMENT, README = "statement.json", "README.txt"
"""The first two members: what the others are, for programs and for people."""

README_TEXT: Final = """\
What was judged, by what, and what came of it: a pack of Perpend.

statement.json        an in-toto statement: the SHA-256 of every other file, versions, and how it came about
verdicts.csv          every verdict: policy, object, status, reason
waivers.json          which waivers hold, how much each covers, and which attestations hold
waived.csv            which findings each waiver covers, where there are any
ratings.json          how severe people say that it is, where somebody does
requirements.csv      what was found of each requirement, where frameworks were asked
policies/             the policies that judged, with what they refer to: a repository
policies/waivers/     the waivers that held
policies/ratings/     the ratings that were in force
snapshot/             the inputs as they were stored: a store of one snapshot
snapshot/runs/        its manifest: sources, completeness, and the SHA-256 of each table

To check all of it, and to judge once more and compare byte for byte:

    perpend evidence verify PACK.zip

statement.json tells nothing of who packed this. Compare its SHA-256 with one that you were given by another way, or
have it signed.
"""
"""What the second member says: the same in all packs of one version."""


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """What goes into a pack beside what judging says: words that chose the policies, and what the store's history knows.

    ``counted`` is how verdicts were counted after the run, by the policies that it asked and that mean the same now.
    """

    run: RunPacked
    beside: Mapping[str, str | None] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    attested: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, Any] | None = None
    counted: Mapping[str, Mapping[Status, int]] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: how many members, the statement's SHA-256, and how many verdicts of how many policies.

    ``more`` are the policies of which more is compliant or inapplicable here than the history knows of the run.
    """

    members: int
    statement: str
    verdicts: int
    policies: int
    more: tuple[str, ...] = ()


def write_pack(
    stream: BinaryIO, repository: Repository, snapshot: Snapshot, selection: Selection, asked: EvidenceRequest
) -> Packed:
    """Judge a snapshot and write the pack of it. Raises NotAPack for what cannot be packed, StoreError for what is damaged."""
    run = asked.run
    with scratch() as directory:
        packed = directory / "policies"
        packed.mkdir(mode=0o700)
        answering = {
            policy.policy_id
            for card in selection.frameworks
            for requirement in card.requirements
            for policy in requirement.policies
        }
        ids = sorted({*run.policies, *selection.refused, *asked.attested, *answering})
        copy_repository(repository, packed, ids, asked.sections, asked.beside)
        judged = evaluate_pack(open_repository(packed), snapshot, run, directory)
        members: dict[str, Path | bytes] = {README: README_TEXT.encode(), **judged.members}
        for path in sorted(file for file in packed.rglob("*") if file.is_file()):
            members[f"{POLICIES}{path.relative_to(packed).as_posix()}"] = path
        members[f"{RUNS}{snapshot.id}.json"] = manifest_path(snapshot)
        inputs = inputs_of(snapshot)
        if run.inputs:
            members |= {name: snapshot.directory / name.removeprefix("snapshot/") for name in inputs}
        refuse_names(members)
        refuse_sizes(members)
        known = {name: str(one["sha256"]) for name, one in inputs.items()}
        digests = {name: known.get(name) or _digest(content) for name, content in members.items()}
        more = tuple(name for name, counts in asked.counted.items() if _clean(judged.counts.get(name, {})) > _clean(counts))
        predicate = {
            **judged.described,
            "inputs": {"packed": run.inputs, "files": [{"name": name, **one} for name, one in inputs.items()]},
            "asked": asked.asked,
            "notAsked": _not_asked(selection),
            "history": asked.history and {**asked.history, "moreThanFound": list(more)},
            "versions": VERSIONS,
            "commands": list(asked.commands),
        }
        statement = Statement(digests, predicate).text.encode()
        write_archive(stream, {STATEMENT: statement, README: members.pop(README), **dict(sorted(members.items()))})
        verdicts = sum(judged.described["verdicts"].values()) - judged.described["verdicts"]["objects"]
        return Packed(len(members) + 2, digest_of_bytes(statement), verdicts, len(run.policies), more)


def inputs_of(snapshot: Snapshot) -> dict[str, dict[str, str | int]]:
    """Return the digest and size of each file of a snapshot's tables, by its name in a pack, having compared all of them."""
    files: dict[str, dict[str, str | int]] = {}
    for table in snapshot.files:
        for path in snapshot.files[table]:
            digest, size = digest_of(path)
            files[f"snapshot/{path.relative_to(snapshot.directory).as_posix()}"] = {"sha256": digest, "size": size}
    if (foreign := next((name for name in files if not name.startswith(INVENTORY)), None)) is not None:
        raise StoreError(f"{shown(foreign)}: is no file of a snapshot's tables")
    return dict(sorted(files.items()))


def _clean(counts: Mapping[Status, int]) -> int:
    """Return how many verdicts ask nothing of anybody."""
    return counts.get(Status.COMPLIANT, 0) + counts.get(Status.INAPPLICABLE, 0)


def _digest(content: Path | bytes) -> str:
    return digest_of_bytes(content) if isinstance(content, bytes) else digest_of(content)[0]


def _not_asked(selection: Selection) -> dict[str, Any]:
    """Return the policies that were chosen, and did not judge, by the reason."""
    return {
        "haveErrors": sorted(selection.refused),
        "needMoreThanWasRead": sorted(selection.set_aside),
        "excluded": sorted(selection.excluded),
        "judgeTypesWithoutObjects": sorted(selection.absent),
    }
