"""Write an evidence pack: one file with everything that a run consists of.

Policies are selected from the packed ones and evaluated, so that the evidence pack contains the policies that gave the results.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from perpend.core.commit import digest_of
from perpend.core.dataclass import dataclass
from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.inventory.snapshots.files import StoreError, naming, shown
from perpend.inventory.snapshots.snapshot import manifest_path
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS
from perpend.language.syntax.renames import FILE as RENAMES
from perpend.language.syntax.repository import ROOT_MARK, open_repository
from perpend.reports.evidence.archive import NotAnEvidencePack, check_names, check_sizes, write_archive
from perpend.reports.evidence.results import INVENTORY, RUNS, VERSIONS, evaluate_evidence
from perpend.reports.evidence.statement import Statement, digest_of_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.syntax.repository import Repository
    from perpend.reports.evidence.statement import EvidenceRun

POLICIES: Final = "policies/"
"""The place of the repository in an evidence pack."""

_OVERRIDES: Final = "overrides"
"""The directory of ratings that override those of the library. The order of paths puts it behind the library's file."""

_ROOT_FILES: Final = (ROOT_MARK, RENAMES, ID_MAP, RULE_SECTIONS)


def copy_repository(
    repository: Repository,
    target: Path,
    policy_ids: Collection[str],
    *,
    with_frameworks: bool,
    directories: Mapping[str, Sequence[str | None]],
) -> None:
    """Write some policies, and the files that they may refer to, below a directory, as a repository.

    ``with_frameworks`` writes all frameworks, because policies reach sections through those of others. ``directories`` are
    those of waivers and ratings, None for the repository's own; a later one overrides an earlier one. Raises
    NotAnEvidencePack for a file that cannot be read.
    """
    for path in _paths(repository, policy_ids, with_frameworks=with_frameworks):
        _copy(repository.files, path, target / path)
    (target / ROOT_MARK).touch(mode=0o600)
    for name in (WAIVERS, RATINGS):
        for number, directory in enumerate(directories.get(name, (None,))):
            _copy_decisions(repository, target / name / (_OVERRIDES if number else ""), name, directory)


def _copy_decisions(repository: Repository, target: Path, name: str, directory: str | None) -> None:
    files, folder = (repository.files, name) if directory is None else (Files(Path(directory)), ".")
    for path in sorted(files.tree((folder,)).files):
        if path.endswith((".yaml", ".yml")):
            _copy(files, path, target / path.removeprefix(f"{folder}/"))


def _paths(repository: Repository, policy_ids: Collection[str], *, with_frameworks: bool) -> Iterator[str]:
    """Yield the files of policies, and the files that any policy may refer to."""
    wanted = {f"{policy.strip('/')}/" for policy in policy_ids}
    above = {f"{'/'.join(path.split('/')[:number])}/folder.yaml" for path in wanted for number in range(1, path.count("/") + 1)}
    for path in sorted(repository.tree.files):
        parts = path.split("/")
        is_policy = path in above or any("/".join(parts[:number]) + "/" in wanted for number in range(1, len(parts)))
        if is_policy or (with_frameworks if parts[0] == "frameworks" else parts[0] != "ce"):
            yield path
    yield from (name for name in _ROOT_FILES if (repository.files.root / name).is_file())


def _copy(files: Files, path: str, target: Path) -> None:
    try:
        content = files.content(path, limit=MAX_TEST_DATA)
    except UnreadableFile as error:
        raise NotAnEvidencePack(f"cannot be packed: {shown(path)}: {error}") from None
    with naming(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_bytes(content)


STATEMENT, README = "statement.json", "README.txt"
"""The first two members: they describe the other ones for programs and for people."""

README_TEXT: Final = """\
An evidence pack of Perpend: the inputs, policies and results of one run.

statement.json        an in-toto statement: the SHA-256 of every other file, versions, and the run
verdicts.csv          every verdict: policy, object, status, reason
waivers.json          waivers and attestations: their state, and the number of findings that each covers
waived.csv            the findings that each waiver covers, if there are any
ratings.json          severity ratings, if there are any
requirements.csv      the result of each requirement, if frameworks were evaluated
policies/             a repository of the selected policies, and of the files that they refer to
policies/waivers/     the waivers of the run
policies/ratings/     the severity ratings of the run
snapshot/             a store with one snapshot: the inputs
snapshot/runs/        its manifest: sources, completeness, and the SHA-256 of each table

To check every file, evaluate the run again, and compare the results byte for byte:

    perpend evidence verify PACK.zip

statement.json does not prove who created this file. Compare its SHA-256 with one that you received in another way, or
have it signed.
"""
"""The text of the second member, the same in all evidence packs of one version."""


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """The content of an evidence pack besides its results.

    ``policies`` are all that the choice of the run names, those that it excludes included. ``attested`` are further ones.
    ``directories`` are those of waivers and ratings.
    """

    run: EvidenceRun
    policies: Collection[str] = ()
    attested: Collection[str] = ()
    directories: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenEvidence:
    """A written evidence pack: the number of members, the SHA-256 of the statement, and numbers of verdicts and policies.

    ``changed`` are the policies that have changed since the run, or are not known from it. ``more`` are others with more
    compliant or inapplicable verdicts than the history counted after the run.
    """

    members: int
    statement: str
    verdicts: int
    policies: int
    changed: Sequence[str] = ()
    more: Sequence[str] = ()


def write_evidence(stream: BinaryIO, repository: Repository, snapshot: Snapshot, request: EvidenceRequest) -> WrittenEvidence:
    """Evaluate a snapshot and write its evidence pack.

    Raises NotAnEvidencePack if a file cannot be packed, StoreError if the snapshot is damaged.
    """
    run = request.run
    with scratch() as directory:
        packed = directory / "policies"
        packed.mkdir(mode=0o700)
        ids = {*request.policies, *request.attested}
        copy_repository(repository, packed, ids, with_frameworks=bool(run.choice.frameworks), directories=request.directories)
        results = evaluate_evidence(open_repository(packed, parameters=run.parameters), snapshot, run, directory)
        members: dict[str, Path | bytes] = {README: README_TEXT.encode(), **results.members}
        for path in sorted(file for file in packed.rglob("*") if file.is_file()):
            members[f"{POLICIES}{path.relative_to(packed).as_posix()}"] = path
        members[f"{RUNS}{snapshot.id}.json"] = manifest_path(snapshot)
        inputs = inputs_of(snapshot)
        if run.inputs:
            members |= {name: snapshot.directory / name.removeprefix("snapshot/") for name in inputs}
        check_names(members)
        check_sizes(members)
        known = {name: str(one["sha256"]) for name, one in inputs.items()}
        digests = {name: known.get(name) or _digest(content) for name, content in members.items()}
        predicate = {
            **results.described,
            "inputs": {"packed": run.inputs, "files": [{"name": name, **one} for name, one in inputs.items()]},
            "versions": VERSIONS,
            "commands": list(request.commands),
        }
        statement = Statement(digests, predicate).text.encode()
        write_archive(stream, {STATEMENT: statement, README: members.pop(README), **dict(sorted(members.items()))})
        verdicts = sum(results.described["verdicts"].values()) - results.described["verdicts"]["objects"]
        history = results.described["history"] or {"changedSince": (), "moreThanFound": ()}
        return WrittenEvidence(
            len(members) + 2,
            digest_of_bytes(statement),
            verdicts,
            len(results.described["policies"]),
            history["changedSince"],
            history["moreThanFound"],
        )


def inputs_of(snapshot: Snapshot) -> dict[str, dict[str, str | int]]:
    """Check the files of a snapshot's tables, and return the digest and size of each by its name in the evidence pack."""
    files: dict[str, dict[str, str | int]] = {}
    for table in snapshot.files:
        for path in snapshot.files[table]:
            digest, size = digest_of(path)
            files[f"snapshot/{path.relative_to(snapshot.directory).as_posix()}"] = {"sha256": digest, "size": size}
    if (foreign := next((name for name in files if not name.startswith(INVENTORY)), None)) is not None:
        raise StoreError(f"{shown(foreign)}: is not a file of a snapshot table")
    return dict(sorted(files.items()))


def _digest(content: Path | bytes) -> str:
    return digest_of_bytes(content) if isinstance(content, bytes) else digest_of(content)[0]
