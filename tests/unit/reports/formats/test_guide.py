"""The texts about a policy: its description, its remediation, and a page of the site or of its references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.language.syntax.repository import Repository
from perpend.reports.formats.guide import PolicyGuide, PolicyGuides
from tests.repositories import NAMES, write

DOCS = "https://docs.aws.amazon.com/iam.html#iam-5"
LINKED = {"similarPolicies": {"awsSecurityHub": [{"name": "[IAM.5] Have it", "url": DOCS}]}}


def guides(root: Path, site: str = "", description: str = "", **policy: Any) -> PolicyGuides:
    (root / "ce/p").mkdir(parents=True)
    (root / "ce/p/remediation.md").write_text("Run it:\n\n```sh\naws x\n```\n")
    (root / "ce/p/description.md").write_text(description)
    write(root, {"ce/p/policy.yaml": {"names": NAMES, "description": "It is\nbad.", **policy}})
    return PolicyGuides(Repository(root), site)


def test_texts_are_those_of_the_policy(tmp_path: Path) -> None:
    found = guides(tmp_path, **LINKED)
    assert PolicyGuide("It is bad.", "Run it:\n\n```sh\naws x\n```\n", DOCS) == found.of("/ce/p")
    assert PolicyGuide() == found.of("/ce/other")


def test_the_site_comes_before_references_and_those_of_other_tools_before_the_description(tmp_path: Path) -> None:
    words = "See [x](https://example.com/x).\n\n## References\n\n- [y](ftp://example.com)\n- [z](https://example.com/z)\n"
    assert (
        "https://policies.example/ce/p/" == guides(tmp_path / "a", "https://policies.example/", words, **LINKED).of("/ce/p").url
    )
    assert DOCS == guides(tmp_path / "b", "", words, **LINKED).of("/ce/p").url
    assert "https://example.com/z" == guides(tmp_path / "c", "", words).of("/ce/p").url
    assert "" == guides(tmp_path / "d").of("/ce/p").url


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://a b", 'https://a"b', "https://a<b", "//a", "https://é.example"]
)
def test_what_is_no_address_is_left_out(tmp_path: Path, address: str) -> None:
    policy = {"similarPolicies": {"awsSecurityHub": [{"name": "x", "url": address}]}}
    assert "" == guides(tmp_path, address, f"## References\n\n[x]({address})\n", **policy).of("/ce/p").url


def test_long_texts_are_cut(tmp_path: Path) -> None:
    found = guides(tmp_path)
    (tmp_path / "ce/p/remediation.md").write_text("x" * 30_000)
    assert 20_000 == len(found.of("/ce/p").remediation)
