"""``perpend lint --fix``: fixes are made and shown, and policies keep their meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import RunWriter
from tests.repositories import NAMES, write
from tests.sampled import part_of_library, sampled_iam

USED, UNUSED = ("/types/T/used.extracts.yaml", "/types/T/unused.extracts.yaml")
EXTRACTS = {
    f"types/T/{name}.extracts.yaml": {"extracts": [{"name": name, "value": {"FIELD": {"path": name}}}]}
    for name in ("used", "unused")
}


def logic(*imports: str, check: str = "{NOT_EMPTY: {arg: {EXTRACT: used}}}", message: str = "One.") -> str:
    """Return a logic file with lines of imports."""
    return "\n".join(
        [
            "inputType: T",
            *imports,
            "conditions:",
            "  - status: INCOMPLIANT",
            f"    currentStateMessage: {message}",
            "    remediationMessage: Mend it.",
            f"    check: {check}",
            "otherwise: {status: COMPLIANT, currentStateMessage: None.}",
            "",
        ]
    )


NO_EXTRACT = "{NOT_EMPTY: {arg: {FIELD: {path: a}}}}"
SOUND = logic("importExtracts:", f"  - file: {USED}")
OLD = """\
inputType: T
conditions:
  - status: COMPLIANT
    currentStateMessage: "condition: no"
    condition:
      AND:
        args:
          - STARTS_WITH: {arg: {FIELD: {path: a}}, prefix: {TEXT: prefix}}
          - CONTAINS: {arg: {FIELD: {path: a}}, substring: {TEXT: x}}
          - ENDS_WITH: {suffix: {TEXT: x}, arg: {FIELD: {path: a}}}
          - IS_EQUAL: {left: {JSON: {CONTAINS: {substring: "a"}}}, right: {JSON: {}}}
          - NOT_EMPTY:
              arg: {DURATION_FROM: {arg: {FIELD: {path: a}}, format: GCP_DURATION, undeterminedIf: {invalidFormat: x}}}
otherwise: {status: COMPLIANT, currentStateMessage: None.}
"""
NEW = OLD.replace("    condition:", "    check:").replace("prefix: {T", "search: {T").replace("substring: {T", "search: {T")
NEW = NEW.replace("{suffix: {T", "{search: {T").replace("GCP_DURATION", "GCP")

MENDED: dict[str, tuple[str, str]] = {
    "one of two imports": (logic("importExtracts:", f"  - file: {USED}", f"  - file: {UNUSED}  # no more"), SOUND),
    "all imports": (
        logic("importExtracts:", f"- file: {UNUSED}", f"- file: {USED}", check=NO_EXTRACT),
        logic(check=NO_EXTRACT),
    ),
    "imports in one line": (logic(f"importExtracts: [{{file: {UNUSED}}}]", check=NO_EXTRACT), logic(check=NO_EXTRACT)),
    "older spellings": (OLD, NEW),
    "white space": (
        SOUND.replace("conditions:", "conditions: \t ").replace("T\n", "T  # x \n"),
        SOUND.replace("T\n", "T  # x\n"),
    ),
    "all at once": (
        logic("importExtracts: ", f"  - file: {UNUSED} ", check=NO_EXTRACT)
        .replace("check:", "condition:")
        .replace("e.\n", "e. \n"),
        logic(check=NO_EXTRACT),
    ),
}
KEPT = {
    "nothing": SOUND,
    "white space that is text": logic(check=NO_EXTRACT, message="|\n      One. \n      Two.  "),
    "the first dialect": OLD.replace("inputType", "inputObject"),
    "one of two imports in a line": logic(f"importExtracts: [{{file: {USED}}}, {{file: {UNUSED}}}]"),
    "a comment inside": logic("importExtracts:", f"  - file: {USED}", f"  -\n    # as it was\n    file: {UNUSED}"),
    "anchors": logic("importExtracts:", f"  - file: {USED}", f"  - &a\n    file: {UNUSED}"),
    "what has errors": OLD.replace("NOT_EMPTY", "NOT_EMTY"),
}


def repository(root: Path, text: str) -> Path:
    """Write a repository with one policy whose logic is a text; return the logic file."""
    policy = {"ce/folder.yaml": {"names": NAMES}, "ce/p/policy.yaml": {"names": NAMES, "description": "x"}}
    write(root, {**EXTRACTS, **policy})
    (root / "ce/p/prod.logic.yaml").write_bytes(text.encode())
    return root / "ce/p/prod.logic.yaml"


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_fixed_in_one_way_is(run: RunWriter, tmp_path: Path, name: str) -> None:
    before, after = MENDED[name]
    file = repository(tmp_path, before)
    ran = run("lint", "--repo", tmp_path, "--fix")
    assert after == file.read_bytes().decode()
    assert "ce/p/prod.logic.yaml:" in ran.out
    assert "fixed " in ran.out
    assert "A303" not in ran.out
    assert "there is nothing to fix" in run("lint", "--repo", tmp_path, "--fix").out


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_certain_is_left(run: RunWriter, tmp_path: Path, name: str) -> None:
    file = repository(tmp_path, KEPT[name])
    ran = run("lint", "--repo", tmp_path, "--fix", "--format", "json")
    assert KEPT[name] == file.read_bytes().decode()
    assert "there is nothing to fix" in ran.err


def test_lines_are_shown_as_they_were_and_as_they_are(run: RunWriter, tmp_path: Path) -> None:
    repository(tmp_path, MENDED["older spellings"][0].replace("T\n", "T \n", 1))
    shown = run("lint", "--repo", tmp_path, "--fix").out
    assert shown.startswith("ce/p/prod.logic.yaml:1\n  - inputType: T \n  + inputType: T\nce/p/prod.logic.yaml:5\n")
    assert "  -     condition:\n  +     check:\n" in shown
    assert "fixed 6 places in 1 file\n" in shown


def test_only_the_places_named_are_fixed(run: RunWriter, tmp_path: Path) -> None:
    file = repository(tmp_path, OLD)
    (tmp_path / "ce/folder.yaml").write_text("names: {full: a, contextual: a} \n")
    assert "fixed 1 place in 1 file" in run("lint", "ce/folder.yaml", "--repo", tmp_path, "--fix").out
    assert OLD == file.read_text()
    assert "fixed 5 places in 1 file" in run("lint", "ce/p", "--repo", tmp_path, "--fix").out
    assert NEW == file.read_text()


def test_a_file_that_links_lead_to_is_fixed_once_and_none_outside(run: RunWriter, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    file = repository(root, OLD)
    (root / "ce/p/wip.logic.yaml").symlink_to("prod.logic.yaml")
    (tmp_path / "outside.yaml").write_text("names: {full: a, contextual: a} \n")
    (root / "ce/folder.yaml").unlink()
    (root / "ce/folder.yaml").symlink_to(tmp_path / "outside.yaml")
    assert "fixed 5 places in 1 file" in run("lint", "--repo", root, "--fix").out
    assert (NEW, True) == (file.read_text(), (root / "ce/p/wip.logic.yaml").is_symlink())
    assert "names: {full: a, contextual: a} \n" == (tmp_path / "outside.yaml").read_text()


def test_the_library_has_nothing_to_fix_and_is_not_to_be_changed(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor to find fault with: all of it is looked at by ``make test``."""
    part_of_library(tmp_path / "library", "*", sampled_iam())
    assert (0, "there is nothing to fix\n\nno problems found\n", "") == run("lint", "--repo", tmp_path / "library", "--fix")
    monkeypatch.chdir(tmp_path)
    assert "there is no policy repository here" in run("lint", "--fix").err
