"""The four ways from a policy to a section, and what keeps an indirect one away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.language.compiler.frameworks import FrameworkMappings, How, SectionMapping
from perpend.language.syntax.repository import Repository
from tests.repositories import write

NAMES = {"full": "A", "contextual": "A"}
URL = "https://controls.example/IAM.1"


def mappings(root: Path, files: dict[str, Any]) -> FrameworkMappings:
    return FrameworkMappings(Repository(write(root, files)))


def policy(**keys: Any) -> dict[str, Any]:
    return {"names": NAMES, "description": "", **keys}


def section(**keys: Any) -> dict[str, Any]:
    return {"name": "S", **keys}


def tables(ids: dict[str, list[str]], paths: dict[str, str] | None = None) -> dict[str, Any]:
    return {"internal-rule-sections.json": ids, "internal-id-map.json": paths or {}}


@pytest.fixture
def found(tmp_path: Path) -> FrameworkMappings:
    files = {
        "ce/a/policy.yaml": policy(
            frameworkMappings=["/frameworks/f/01", "/frameworks/f/01", "/frameworks/gone"],
            frameworkIgnoreMappings=["/frameworks/f/03", "/frameworks/g/02"],
            similarPolicies={"internal": ["rule-1", "rule-1", "rule-none"], "awsSecurityHub": [{"name": "n", "url": URL}]},
        ),
        "ce/b/policy.yaml": policy(similarPolicies={"internal": ["rule-1"]}),
        "frameworks/f/section.yaml": section(),
        "frameworks/f/01/section.yaml": section(similar={"internal": ["id-1", "id-2"]}),
        "frameworks/f/02/section.yaml": section(similar={"internal": ["id-2"]}),
        "frameworks/f/03/section.yaml": section(similar={"internal": ["id-2"]}),
        "frameworks/f/04/section.yaml": section(similar={"awsSecurityHub": {"controlUrl": URL}}),
        "frameworks/f/05/section.yaml": section(),
        "frameworks/g/section.yaml": section(similar={"sections": ["/frameworks/g"]}),
        "frameworks/g/01/section.yaml": section(
            similar={"sections": ["/frameworks/f/01", "/frameworks/f/02", "/frameworks/gone"]}
        ),
        "frameworks/g/02/section.yaml": section(similar={"sections": ["/frameworks/f/02"]}),
        "frameworks/g/03/section.yaml": section(similar={"sections": ["/frameworks/g/01"]}),
        **tables(
            {"rule-1": ["id-1", "id-2", "id-5", "id-unknown"], "rule-2": ["id-5"]},
            {"id-5": "/frameworks/f/05", "id-2": "/frameworks/f/02", "id-unknown": "/internal/elsewhere"},
        ),
    }
    return mappings(tmp_path, files)


def ways(found: FrameworkMappings, policy_id: str) -> list[tuple[str, str, str]]:
    return [
        (mapping.section_id.removeprefix("/frameworks/"), mapping.how.value, mapping.via)
        for mapping in found.of_policy(policy_id)
    ]


def test_all_ways_of_a_policy_in_order(found: FrameworkMappings) -> None:
    expected = [
        ("f/01", "direct", ""),
        ("f/01", "internal-rule", "rule-1"),
        ("f/02", "internal-rule", "rule-1"),
        ("f/05", "internal-rule", "rule-1"),
        ("f/04", "security-hub", URL),
        ("g/01", "similar-section", "/frameworks/f/01"),
        ("g/01", "similar-section", "/frameworks/f/02"),
    ]
    assert expected == ways(found, "/ce/a")


def test_a_section_knows_its_policies(found: FrameworkMappings) -> None:
    expected = [
        SectionMapping("/frameworks/f/01", "/ce/a", How.DIRECT),
        SectionMapping("/frameworks/f/01", "/ce/a", How.INTERNAL_RULE, "rule-1"),
        SectionMapping("/frameworks/f/01", "/ce/b", How.INTERNAL_RULE, "rule-1"),
    ]
    assert expected == list(found.of_section("/frameworks/f/01"))
    assert () == found.of_section("/frameworks/f")
    assert () == found.of_section("/frameworks/gone")
    assert () == found.of_policy("/ce/none")


def test_policies_of_a_framework_are_those_of_its_sections(found: FrameworkMappings) -> None:
    assert {"/ce/a", "/ce/b"} == found.policies_below("/frameworks/f")
    assert {"/ce/a"} == found.policies_below("/frameworks/f/04")
    assert frozenset() == found.policies_below("/frameworks/f/0")


def test_ignored_sections_get_no_indirect_mapping(found: FrameworkMappings) -> None:
    assert ["/ce/b"] == [mapping.policy_id for mapping in found.of_section("/frameworks/f/03")]
    assert ["/ce/b"] == [mapping.policy_id for mapping in found.of_section("/frameworks/g/02")]


def test_similar_sections_lead_one_step(found: FrameworkMappings) -> None:
    assert () == found.of_section("/frameworks/g/03")


def test_a_direct_mapping_is_never_ignored(tmp_path: Path) -> None:
    keys = {"frameworkMappings": ["/frameworks/f"], "frameworkIgnoreMappings": ["/frameworks/f"]}
    files = {
        "ce/a/policy.yaml": policy(**keys, similarPolicies={"internal": ["r"]}),
        "frameworks/f/section.yaml": section(similar={"internal": ["i"]}),
        **tables({"r": ["i"]}),
    }
    found = mappings(tmp_path, files)
    assert [("f", "direct", "")] == ways(found, "/ce/a")


def test_rules_and_the_policies_that_refer_to_them(found: FrameworkMappings) -> None:
    assert {"rule-1": ("/ce/a", "/ce/b"), "rule-none": ("/ce/a",)} == found.rules()


def test_without_tables_rules_lead_nowhere(tmp_path: Path) -> None:
    files = {
        "ce/a/policy.yaml": policy(similarPolicies={"internal": ["r"]}),
        "frameworks/f/section.yaml": section(similar={"internal": ["i"]}),
    }
    found = mappings(tmp_path, files)
    assert ((), (), {"r": ("/ce/a",)}) == (found.diagnostics, found.of_policy("/ce/a"), found.rules())


def test_a_torn_descriptor_leaves_the_others(tmp_path: Path) -> None:
    files = {
        "ce/a/policy.yaml": "a: [",
        "ce/b/policy.yaml": policy(frameworkMappings=["/frameworks/f"]),
        "frameworks/f/section.yaml": section(),
        "frameworks/g/section.yaml": "- 1",
    }
    assert [("f", "direct", "")] == ways(mappings(tmp_path, files), "/ce/b")


def test_a_table_of_another_form_is_a_diagnostic(tmp_path: Path) -> None:
    files = {"ce/a/policy.yaml": policy(), "internal-rule-sections.json": [1]}
    assert ["L144"] == [diagnostic.code for diagnostic in mappings(tmp_path, files).diagnostics]
