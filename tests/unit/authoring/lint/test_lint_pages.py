"""Every lint rule's page shows a repository that breaks the rule and one that keeps it; both are taken at their word."""

from __future__ import annotations

import re

import pytest

from perpend.authoring.lint import RULES
from tests.unit.language.syntax.written import NAMES, checked, errors, write

BASE = {
    "ce/acme/bucket/policy.yaml": f"{NAMES}description: A policy.\n",
    "ce/acme/bucket/test-data.json": "[]",
    "ce/acme/folder.yaml": NAMES,
}
_FILE = re.compile(r"```\w+\n# (\S+)\n(.*?)```", re.DOTALL)


def files_of(part: str) -> dict[str, str]:
    return dict(_FILE.findall(part))


def parts_of(page: str) -> tuple[dict[str, str], dict[str, str]]:
    _, wrong, right = re.split(r"^(?=Wrong|Right)", page, flags=re.MULTILINE)
    return files_of(wrong), files_of(right)


def linted(root, files):
    write(root, {**BASE, **files})
    (root / "ce/acme/policy.yaml").unlink()
    if (root / "ce/acme/share").exists():
        assert (root / "ce/acme/share/policy.yaml").exists()
    return checked(root)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_wrong_example_breaks_the_rule(tmp_path, rule):
    found = linted(tmp_path, parts_of(rule.page)[0])
    assert [] == [each for each in errors(found) if each.code != rule.code]
    assert [rule.code] == [each.code for each in found if each.code == rule.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_right_example_keeps_every_rule(tmp_path, rule):
    files = parts_of(rule.page)[1]
    assert files
    found = linted(tmp_path, files)
    assert [] == errors(found)
    assert [] == [each.code for each in found if each.code not in ("A308",) or each.code == rule.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_page_begins_with_the_offence_in_a_sentence(rule):
    first = rule.page.split("\n\n")[0]
    assert first.endswith(".")
    assert len(first) <= 200
