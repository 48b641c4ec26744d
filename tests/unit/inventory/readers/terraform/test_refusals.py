"""What is no plan is named, with the command to run instead."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from perpend import Scope, UnusableInput
from perpend.inventory.readers.read import collect_files
from tests.terraform_plans import plan

LOG = '{"@level":"info","@message":"Terraform 1.9.0","@module":"terraform.ui"}\n'

CASES: list[tuple[Any, str, str]] = [
    (
        {"version": 4, "terraform_version": "1.9", "serial": 1, "lineage": "a", "resources": []},
        "a raw state file",
        "state.json",
    ),
    ({"plan_format_version": "1.2", "resource_changes": []}, "the redacted form", "plan.json"),
    ({"format_version": "2.0", "resource_changes": []}, "a plan or state of format `2.0`", "formats 0 and 1"),
    ({"format_version": 1, "resource_changes": []}, "`format_version` is a number", "no version"),
    ({"terraform_version": "1.9"}, "JSON of Terraform without a `format_version`", "terraform plan -out"),
    (
        {"format_version": "1.2", "planned_values": {}, "resource_changes": [], "errored": True},
        "broke off with an error",
        "plan.json",
    ),
    ({"format_version": "1.2", "planned_values": {}, "resource_changes": [{}]}, "resource change 1 has no address", ""),
    (LOG + LOG, "the log lines of `terraform plan -json`", "terraform show -json plan.bin"),
    (LOG, "the log lines of `terraform plan -json`", "terraform show -json plan.bin"),
]


def reason_of(path: Path) -> str:
    with pytest.raises(UnusableInput) as refused:
        collect_files([path])
    return refused.value.reason


@pytest.mark.parametrize(("content", "what", "instead"), CASES)
def test_it_is_named(tmp_path: Path, content: Any, what: str, instead: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    assert what in reason_of(path)
    assert instead in reason_of(path)


def test_a_binary_plan_is_named_and_not_opened(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("tfplan", b"\0" * 100)
    (tmp_path / "plan.bin").write_bytes(content.getvalue())
    assert "terraform show -json FILE > plan.json" in reason_of(tmp_path / "plan.bin")


def test_another_archive_is_none(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", b"a")
    (tmp_path / "a.zip").write_bytes(content.getvalue())
    assert "a zip archive" in reason_of(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["main.tf", "main.tofu"])
def test_a_directory_of_sources_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert "terraform plan -out plan.bin" in reason_of(tmp_path)


def test_a_plan_cannot_be_declared_complete(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan("created")))
    with pytest.raises(UnusableInput, match="holds no account"):
        collect_files([path], complete={str(path): [Scope()]})
