"""Directories that want to lead the reader astray: links, devices, names, depth. Nothing outside is read."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.language.syntax.written import DATA, LOGIC, NAMES, POLICY, checked, errors, logic, write

if TYPE_CHECKING:
    from collections.abc import Callable

from perpend.language.syntax import files
from perpend.language.syntax.repository import NotARepository, Repository

SECRET = "TOP-SECRET"  # noqa: S105 - no password


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "repository", {})


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    (place / "ce").mkdir(parents=True)
    for name in ("secret.yaml", "secret.extracts.yaml", "ce/secret.yaml", f"{SECRET}.yaml"):
        (place / name).write_text(f"{SECRET}: {SECRET}\n")
    return place


def link(root: Path, path: str, target: str | Path, *, directory: bool = False) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).unlink(missing_ok=True)
    (root / path).symlink_to(target, target_is_directory=directory)


def test_a_link_to_a_file_outside_is_not_followed(root, outside):
    link(root, "ce/acme/prod.logic.yaml", outside / "secret.yaml")
    found = checked(root)
    assert [("L104", LOGIC, 1, 1)] == errors(found)
    assert SECRET not in repr(found)


def test_a_link_to_a_directory_outside_is_not_followed(root, outside):
    link(root, "ce/other", outside, directory=True)
    found = checked(root)
    assert [("L104", "ce/other", 1, 1)] == errors(found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("top", ["types", "frameworks", "internal"])
def test_a_top_directory_that_is_a_link_outside_is_not_followed(root, outside, top):
    link(root, top, outside, directory=True)
    found = checked(root)
    assert [("L104", top, 1, 1)] == errors(found)
    assert SECRET not in repr(found)


def test_a_link_outside_through_a_directory_with_the_same_beginning(root, outside):
    twin = root.parent / f"{root.name}-twin"
    twin.mkdir()
    link(root, "ce/twin", twin, directory=True)
    assert [("L104", "ce/twin", 1, 1)] == errors(checked(root))


def test_no_line_outside_is_shown_as_an_excerpt(root, outside):
    link(root, "ce/acme/prod.logic.yaml", outside / "secret.yaml")
    assert Repository(root).files.source_line(LOGIC, 1) is None
    assert Repository(root).files.source_line("../outside/secret.yaml", 1) is None


def test_a_link_inside_is_followed(root):
    link(root, "ce/acme/wip.logic.yaml", "prod.logic.yaml")
    (root / LOGIC).write_text(logic("FIELD: {path: public__c}"))
    assert [] == errors(checked(root))
    assert ("/ce/acme/prod.logic.yaml", "/ce/acme/wip.logic.yaml") == Repository(root).logic_ids


@pytest.mark.parametrize(
    "path", ["ce/far/secret.yaml", "ce/far/../secret.yaml", "ce/near/far/secret.yaml", "ce/near/../secret.yaml"]
)
def test_a_read_below_a_link_stays_inside(root, outside, path):
    (outside / "ce" / "far").mkdir()
    (root / "ce" / "below").mkdir()
    link(root, "ce/far", outside / "ce", directory=True)
    link(root, "ce/below/far", outside, directory=True)
    link(root, "ce/near", "below", directory=True)
    reader = files.Files(root)
    with pytest.raises(files.UnreadableFile):
        reader.text(path, limit=100)
    (root / "ce" / "below" / "kept.yaml").write_text("kept")
    assert reader.text("ce/near/kept.yaml", limit=100) == "kept"
    assert reader.text("ce/near/../below/kept.yaml", limit=100) == "kept"


def test_a_file_that_grows_meanwhile_is_read_up_to_the_limit(root, monkeypatch):
    (root / "grown").write_bytes(b"0123456789")
    status = os.stat(root / "grown")
    smaller = os.stat_result((*status[:6], 4, *status[7:10]))
    monkeypatch.setattr(files.os, "stat", lambda path: smaller)
    assert files.Files(root).content("grown", limit=100) == b"0123456789"
    assert files.Files(root).content("grown", limit=6) == b"0123456"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("ce/acme/self", "self"),
        ("ce/acme/loop", "."),
        ("ce/acme/up", ".."),
        ("ce/acme/root", "../.."),
        ("ce/acme/x", "../acme"),
    ],
)
def test_a_link_that_loops_is_named(root, path, target):
    link(root, path, target)
    assert [("L105", path, 1, 1)] == errors(checked(root))


def test_links_that_lead_to_each_other_are_both_named(root):
    link(root, "ce/a", "b")
    link(root, "ce/b", "a")
    assert [("L105", "ce/a", 1, 1), ("L105", "ce/b", 1, 1)] == errors(checked(root))


def test_a_dangling_link_is_named(root):
    link(root, LOGIC, "nothing.yaml")
    assert [("L133", LOGIC, 1, 1)] == errors(checked(root))


def test_links_that_multiply_are_cut_off(root):
    for level in range(30):
        (root / f"types/l{level}").mkdir(parents=True)
        for name in ("a", "b"):
            link(root, f"types/l{level}/{name}", f"../l{level + 1}", directory=True)
    (root / "types/l30").mkdir()
    (found,) = checked(root)
    assert "L106" == found.code
    assert "more than 2,000 directories are reached through links" == found.message


def test_a_repository_with_too_many_files_is_cut_off(root, monkeypatch):
    monkeypatch.setattr(files, "_MAX_FILES", 10)
    for number in range(20):
        (root / f"ce/acme/{number:02}.md").touch()
    found = [each for each in checked(root) if each.code == "L106"]
    assert [("ce/acme/10.md", "there are more than 10 files")] == [(each.span.path, each.message) for each in found]


def test_directories_that_nest_without_end_are_cut_off(root, monkeypatch):
    (root / "types").mkdir()
    monkeypatch.chdir(root / "types")
    for _ in range(300):
        Path("d").mkdir()
        os.chdir("d")
    (found,) = checked(root)
    assert ("L106", "/".join(["types"] + ["d"] * 40)) == (found.code, found.span.path)


DEVICES: dict[str, Callable[[Path], object]] = {
    "named pipe": os.mkfifo,
    "socket": lambda place: socket.socket(socket.AF_UNIX).bind(os.path.relpath(place)),
}


@pytest.mark.parametrize("make", DEVICES.values(), ids=DEVICES.keys())
@pytest.mark.parametrize("path", [POLICY, LOGIC, "types/Bucket/object.extracts.yaml", "types/Bucket/type.yaml"])
def test_what_is_no_regular_file_is_not_opened(root, make, path, monkeypatch):
    (root / path).unlink(missing_ok=True)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(root)
    make(root / path)
    assert [("L101", path, 1, 1)] == errors(checked(root))


def test_test_data_that_is_a_named_pipe_is_not_opened(root):
    write(root, {LOGIC: logic("FIELD: {path: public__c}", head="testData: [{file: test-data.json}]\n")})
    os.mkfifo(root / DATA)
    assert [("L101", DATA, 1, 1)] == errors(checked(root))


def test_a_file_that_may_not_be_read_is_named(root, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied", f"/etc/{SECRET}")

    monkeypatch.setattr(files, "open", refused, raising=False)
    found = checked(root)
    assert [("L101", "ce/acme/policy.yaml", 1, 1), ("L101", "ce/folder.yaml", 1, 1)] == errors(found)
    assert "`ce/acme/policy.yaml` cannot be read: Permission denied" == found[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read_is_named(root):
    (root / "ce/acme").chmod(0)
    assert [("L101", "ce/acme", 1, 1)] == errors(checked(root))


@pytest.mark.parametrize("name", ["prod.logic.yaml", "policy.yaml", "test-data.json"])
def test_a_directory_with_a_file_s_name_is_a_directory(root, name):
    (root / "ce/other" / name).mkdir(parents=True)
    (root / "ce/other/folder.yaml").write_text(NAMES)
    assert [("L130", f"ce/other/{name}", 1, 1)] == errors(checked(root))


@pytest.mark.parametrize("name", ["line\nbreak", "\x1b[31mred", "\u202eright-to-left", "\udcff", "`tick`", " ", "a" * 200])
def test_strange_names_are_named(root, name):
    (root / "ce" / name).mkdir()
    assert [("L130", f"ce/{name}", 1, 1)] == errors(checked(root))


def test_a_logic_file_with_a_name_that_is_no_text_is_read(root):
    place = os.fsencode(root / "ce/acme") + b"/\xff.logic.yaml"
    Path(os.fsdecode(place)).write_text("inputType: Bucket\n")
    path = "ce/acme/\udcff.logic.yaml"
    assert [("L121", path, 1, 1), ("L121", path, 1, 1)] == errors(checked(root))


def test_a_directory_without_a_descriptor_is_named(root):
    for path in ("ce/acme/images/a.png", "frameworks/cis/01/notes.md"):
        (root / path).parent.mkdir(parents=True)
        (root / path).touch()
    expected = [("L130", path, 1, 1) for path in ("ce/acme/images", "frameworks/cis", "frameworks/cis/01")]
    assert expected == errors(checked(root))


def test_the_top_directories_themselves_need_no_descriptor(root):
    (root / "ce/folder.yaml").unlink()
    (root / "frameworks").mkdir()
    assert [] == errors(checked(root))


def test_a_folder_that_is_a_policy_too_is_named(root):
    (root / "ce/acme/folder.yaml").write_text(NAMES)
    assert [("L131", "ce/acme/policy.yaml", 1, 1)] == errors(checked(root))


def test_hidden_entries_are_passed_over(root, outside):
    link(root, "ce/.git", outside, directory=True)
    (root / "ce/acme/.policy.yaml.swp").write_bytes(b"\xff")
    assert [] == errors(checked(root))


@pytest.mark.parametrize("make", [lambda place: None, Path.touch, Path.mkdir], ids=["nothing", "a file", "an empty directory"])
def test_what_is_no_repository_is_refused(tmp_path, make):
    make(tmp_path / "x")
    with pytest.raises(NotARepository, match=r"not a policy repository|no such directory|is a file, not a directory"):
        Repository(tmp_path / "x")


def test_logic_where_there_is_no_policy_is_an_error(root):
    (root / "ce/plain").mkdir()
    (root / "ce/plain/folder.yaml").write_text(NAMES)
    (root / "ce/plain/x.logic.yaml").write_text(
        "inputType: T\nconditions: []\notherwise: {status: COMPLIANT, currentStateMessage: m}\n"
    )
    assert [("L130", "ce/plain/x.logic.yaml", 1, 1)] == errors(checked(root))


REST = "conditions: []\notherwise: {status: COMPLIANT, currentStateMessage: m}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"inputType: A__c\n{REST}",
        f"inputType: A__c # B__c\n{REST}",
        f"'inputType': A__c\n{REST}",
        f"inputType:\n  A__c\n{REST}",
        f"inputObject: A__c\n{REST}",
        f"inputType: A__c\r\n{REST}",
        f'"input\\x54ype": A__c\n{REST}extra: "\ninputType: B__c\n"\n',
        f"inputType: A__c\n{REST}inputType: B__c\n",
        f"{REST}inputType: A__c\n",
        f"inputType: null__\n{REST}",
        f"inputType: null\n{REST}",
        f"inputType: CA10__CaAwsSecurityGroupRule__c\n{REST}",
        REST,
        "\tinputType: A__c\n",
    ],
)
def test_the_type_that_is_judged_is_what_the_whole_file_says(root, text):
    (root / "ce/acme/prod.logic.yaml").write_text(text, newline="")
    found, said = Repository(root).input_type(f"/{LOGIC}"), Repository(root).logic(f"/{LOGIC}").value
    assert (said.input_type.value if said else None) == found
