"""Write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from perpend.core.objects.status import Status
from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.inventory.snapshots.files import StoreError, digest_of, naming, shown
from perpend.inventory.snapshots.snapshot import manifest_path
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.companions.renames import FILE as RENAMES
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.json.mapping_tables import ID_MAP, RULE_SECTIONS
from perpend.language.syntax.repository import ROOT_MARK, open_repository
from perpend.reports.evidence.archive import NotAPack, refuse_names, refuse_sizes, write_archive
from perpend.reports.evidence.results import INVENTORY, RUNS, VERSIONS, evaluate_pack
from perpend.reports.evidence.statement import Statement, digest_of_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.statement import RunPacked

POLICIES: Final = "policies/"
"""Where the repository stands in a pack."""

_BESIDE: Final = (ROOT_MARK, RENAMES, ID_MAP, RULE_SECTIONS)


def copy_repository(
    repository: Repository,
    target: Path,
    policy_ids: Collection[str],
    sections: Collection[str],
    beside: Mapping[str, str | None],
) -> None:
    """Write what some policies consist of and refer to below a directory, as a repository of its own.

    ``sections`` are frameworks, or sections of them, that are written whole. ``beside`` are the directories of the waivers and
    of the ratings that hold, "" for none, None for the repository's own. Raises NotAPack for a file that cannot be read.
    """
    for path in _paths(repository, policy_ids, sections):
        _copy(repository.files, path, target / path)
    (target / ROOT_MARK).touch(mode=0o600)
    for name in (WAIVERS, RATINGS):
        _copy_beside(repository, target, name, beside.get(name))


def _copy_beside(repository: Repository, target: Path, name: str, directory: str | None) -> None:
    if directory == "":
        return
    files, folder = (repository.files, name) if directory is None else (Files(Path(directory)), ".")
    for path in sorted(files.tree((folder,)).files):
        if path.endswith((".yaml", ".yml")):
            _copy(files, path, target / name / path.removeprefix(f"{folder}/"))


def _paths(repository: Repository, policy_ids: Collection[str], sections: Collection[str]) -> Iterator[str]:
    """Yield the files that belong to policies, and those that any policy may refer to."""
    wanted = {f"{policy.strip('/')}/" for policy in policy_ids}
    above = {f"{'/'.join(path.split('/')[:number])}/folder.yaml" for path in wanted for number in range(1, path.count("/") + 1)}
    tops = tuple(f"{section.strip('/')}/" for section in sections)
    for path in sorted(repository.tree.files):
        parts = path.split("/")
        is_policy = path in above or any("/".join(parts[:number]) + "/" in wanted for number in range(1, len(parts)))
        of_framework = any(path.startswith(top) or top.startswith(path.removesuffix("section.yaml")) for top in tops)
        if parts[0] not in ("ce", "frameworks") or is_policy or (parts[0] == "frameworks" and of_framework):
            yield path
    yield from (name for name in _BESIDE if (repository.files.root / name).is_file())


def _copy(files: Files, path: str, target: Path) -> None:
    try:
        content = files.content(path, limit=MAX_TEST_DATA)
    except UnreadableFile as error:
        raise NotAPack(f"cannot be packed: {shown(path)}: {error}") from None
    with naming(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_bytes(content)


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

    perpend pack verify PACK.zip

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
