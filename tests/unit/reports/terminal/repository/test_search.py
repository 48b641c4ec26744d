"""What words find in a repository, best first."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from perpend.language.syntax.repository import Repository, open_repository
from perpend.reports.terminal.repository.search import nearest_word, print_hits, search
from tests.repositories import logic, write


def policy(name: str, **keys: object) -> dict[str, object]:
    return {"names": {"full": name, "contextual": name}, "description": "", **keys}


FILES = {
    "ce/aws/iam/folder.yaml": {"names": {"full": "Identity", "contextual": "Identity"}},
    "ce/aws/iam/zulu/policy.yaml": policy("Zulu user keys rotate", frameworkMappings=["/frameworks/f-v9/1"]),
    "ce/aws/iam/zulu/prod.logic.yaml": logic(),
    "ce/aws/iam/alpha/policy.yaml": policy("Alpha", similarPolicies={"internal": ["dec-x-1"]}, description="A zulukey."),
    "ce/aws/iam/alpha/description.md": "Words before. " * 20
    + "The [b]hidden[/b] \x1b[31mneedle\x1b stands here. "
    + "After. " * 40,
    "ce/aws/iam/broken/policy.yaml": "x",
    "ce/aws/iam/tools/policy.yaml": policy("Ports", similarPolicies={"prowler": ["ec2_open_ports"], "trivy": ["AVD-AWS-0107"]}),
    "frameworks/f-v9/section.yaml": {"name": "F 9", "description": ""},
    "frameworks/f-v9/1/section.yaml": {"name": "1.1 Rotate", "description": "Zulu"},
    "frameworks/f-v10/section.yaml": {"name": "F 10", "description": ""},
    "frameworks/f-v10/1/section.yaml": {"name": "1.1 Rotate", "description": ""},
    "frameworks/f-v10/2/section.yaml": {"name": "Rotate " + "all that can be said of it " * 9, "description": ""},
    "types/Acme__Zulu__c/type.yaml": {"label": "Acme Thing", "fields": []},
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(write(tmp_path, FILES))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["zulu"], ["zulu", "Acme__Zulu__c", "alpha", "1"]),
        (["ROTATE"], ["zulu", "1", "1", "2"]),
        (["rotate", "zulu"], ["zulu", "1"]),
        (["dec-x-1"], ["alpha"]),
        (["ec2_open_ports"], ["tools"]),
        (["prowler:EC2_OPEN_PORTS"], ["tools"]),
        (["AVD-AWS-0107"], ["tools"]),
        (["aws-0107"], ["tools"]),
        (["trivy:ec2_open_ports"], []),
        (["needle"], ["alpha"]),
        (["user keys"], ["zulu"]),
        (["broken"], ["broken"]),
        (["is_equal"], ["IS_EQUAL", "NOT_EQUAL"]),
        (["no.thing"], []),
    ],
)
def test_what_counts_more_comes_first(repository: Repository, words: list[str], expected: list[str]) -> None:
    found = [hit.entry.id.rpartition("/")[2] for hit in search(repository, words)]
    assert expected == found[: len(expected)]
    assert bool(expected) is bool(found)


def test_of_two_versions_of_a_framework_the_new_one_comes_first(repository: Repository) -> None:
    found = [hit.entry.id for hit in search(repository, ["rotate"]) if hit.entry.kind == "section"]
    assert ["/frameworks/f-v10/1", "/frameworks/f-v9/1", "/frameworks/f-v10/2"] == found


def test_a_word_that_no_name_has_may_be_a_slip(repository: Repository) -> None:
    assert ["rotate", None] == [nearest_word(repository, [word]) for word in ("rotat", "xxxxx")]


def test_a_terminal_is_shown_where_a_word_stands_and_a_pipe_lines_with_tabs(repository: Repository) -> None:
    def printed(words: list[str], *, terminal: bool, limit: int | None = None) -> list[str]:
        stream = io.StringIO()
        console = Console(file=stream, width=60, force_terminal=terminal, color_system=None)
        print_hits(search(repository, words), words, console, limit=limit, near="x")
        return stream.getvalue().splitlines()

    assert [
        "policy     Alpha",
        "           /ce/aws/iam/alpha",
        "           description: … Words before. Words before. Words",
        "           before. The [b]hidden[/b] \\x1b[31mneedle\\x1b",
        "           stands here. After. After. After. After. After.",
        "           After. …",
    ] == printed(["needle"], terminal=True)
    assert ["policy\t/ce/aws/iam/alpha\tAlpha"] == printed(["needle"], terminal=False)
    assert "1 of 4: use --limit for more" == printed(["zulu"], terminal=True, limit=1)[-1]
    assert ["none (did you mean 'x'?)"] == printed(["no.where"], terminal=True)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("word", "policy_id"),
    [
        ("prowler:ec2_ami_public", "/ce/ca/aws/ec2/image-public"),
        ("iam_root_mfa_enabled", "/ce/ca/aws/iam/root-user-mfa"),
        ("awsConfig:ec2-imdsv2-check", "/ce/ca/aws/ec2/instance-imdsv2"),
        ("rds-storage-encrypted", "/ce/ca/aws/rds/instance-encryption"),
        ("AVD-AWS-0065", "/ce/ca/aws/kms/symmetric-cmk-rotation"),
    ],
)
def test_a_policy_of_the_library_is_found_by_the_ids_of_other_tools(word: str, policy_id: str) -> None:
    assert [policy_id] == [hit.entry.id for hit in search(open_repository(), [word])]
