"""A repository in, the files of it that go into a pack out: the folders of policies, and all that they may refer to.

Refuses to know what the files say.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.inventory.snapshots.files import naming, shown
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS
from perpend.language.syntax.renames import FILE as RENAMES
from perpend.language.syntax.repository import ROOT_MARK
from perpend.reports.evidence.archive import NotAPack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from perpend.language.syntax.repository import Repository

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
