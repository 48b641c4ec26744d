"""What of a repository goes into a pack: the policies that judged, what they may refer to, and the waivers that hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.evidence.archive import NotAnEvidencePack
from perpend.reports.evidence.write import copy_repository
from tests.repositories import write

FILES = {
    "ce/folder.yaml": "names: {}",
    "ce/acme/folder.yaml": "names: {}",
    "ce/acme/one/policy.yaml": "names: {}",
    "ce/acme/one/prod.logic.yaml": "a: 1",
    "ce/acme/one-more/policy.yaml": "names: {}",
    "ce/other/folder.yaml": "names: {}",
    "types/Thing/type.yaml": "fields: {}",
    "frameworks/cis/section.yaml": "names: {}",
    "frameworks/cis/1/section.yaml": "names: {}",
    "frameworks/cis/2/section.yaml": "names: {}",
    "frameworks/nist/section.yaml": "names: {}",
    "renames.yaml": "[]",
    "waivers/a.yaml": "waivers: []",
    "waivers/notes.md": "no waiver",
    "README.md": "no part of it",
}


def copied(root: Path, waivers: tuple[str | None, ...] = (None,), *, frameworks: bool = False) -> set[str]:
    target = root / "packed"
    copy_repository(
        Repository(root / "own"), target, ["/ce/acme/one"], with_frameworks=frameworks, directories={"waivers": waivers}
    )
    assert (target / "ce/acme/one/prod.logic.yaml").read_bytes() == (root / "own/ce/acme/one/prod.logic.yaml").read_bytes()
    return {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}


def test_policies_come_with_what_they_may_refer_to_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "own", FILES)
    expected = {"ce/folder.yaml", "ce/acme/folder.yaml", "ce/acme/one/policy.yaml", "ce/acme/one/prod.logic.yaml"}
    expected |= {"types/Thing/type.yaml", "renames.yaml", "root.yaml", "waivers/a.yaml"}
    assert expected == copied(tmp_path)
    assert expected | {path for path in FILES if path.startswith("frameworks/")} == copied(tmp_path, frameworks=True)


@pytest.mark.parametrize(
    ("waivers", "expected"),
    [
        ((), set()),
        (("others",), {"waivers/deep/b.yaml"}),
        ((None, "others"), {"waivers/a.yaml", "waivers/overrides/deep/b.yaml"}),
    ],
)
def test_waivers_are_those_that_hold(tmp_path: Path, waivers: tuple[str | None, ...], expected: set[str]) -> None:
    write(tmp_path / "own", FILES)
    write(tmp_path / "others", {"deep/b.yaml": "waivers: []"})
    found = copied(tmp_path, tuple(name and str(tmp_path / name) for name in waivers))
    assert expected == {path for path in found if path.startswith("waivers/")}


def test_what_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "own", FILES)
    (tmp_path / "own/types/Thing/large.yaml").open("wb").truncate(40 * 1024 * 1024)
    with pytest.raises(NotAnEvidencePack, match=r"types/Thing/large.yaml: .*at most 33,554,432 are read"):
        copied(tmp_path)
