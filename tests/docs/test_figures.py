"""Figures in documents: those that the library decides are counted, and two documents do not give different ones."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.syntax.repository import LIBRARY, Repository
from perpend.reports.formats.registry import WRITES

ROOT = Path(__file__).parents[2]

CLOUDS = {"aws": "AWS", "azure": "Azure", "google": "Google Cloud"}
TOOLS = {"prowler": "Prowler", "awsConfig": "AWS Config", "trivy": "Trivy"}
PLACES = {
    "policies": {"README.md": r"has \*\*(\d+) policies", "docs/how-to/rate-severity.md": r"(\d+) policies rated"},
    "policies for AWS": {
        "README.md": r"(\d+) for AWS",
        "CHANGELOG.md": r"Ships (\d+) policies for AWS",
        "docs/explanation/compared.md": r"\| (\d+) policies, \d+ of them manual",
    },
    "policies for Azure": {
        "README.md": r"(\d+) for Azure",
        "CHANGELOG.md": r"(\d+) for Azure",
        "docs/explanation/compared.md": r"Azure \((\d+) policies\)",
    },
    "policies for Google Cloud": {
        "README.md": r"(\d+) for Google Cloud",
        "CHANGELOG.md": r"(\d+) for Google Cloud",
        "docs/explanation/compared.md": r"policies\), Google Cloud \((\d+)\)",
    },
    "services": {"README.md": r"over \*\*(\d+) services"},
    "framework versions": {"README.md": r"\*\*(\d+) framework versions"},
    "policies that name checks": {"CHANGELOG.md": r"(\d+) policies name what other tools"},
    "of Prowler": {"CHANGELOG.md": r"checks of Prowler \((\d+)\)"},
    "of AWS Config": {"CHANGELOG.md": r"rules of AWS Config \((\d+)\)"},
    "of Trivy": {"CHANGELOG.md": r"checks of Trivy \((\d+)\)"},
    "distributions": {
        "README.md": r"(\d+) distributions,",
        "docs/explanation/compared.md": r"\| distributions \| (\d+) \|",
    },
    "megabytes": {
        "README.md": r"(\d+) MB as uv installs them",
        "docs/explanation/compared.md": r"\| megabytes \| (\d+);",
        "docs/adr/0045-size-of-the-core.md": r"^# 45\. The core is (\d+) MB",
    },
    "megabytes with extras": {
        "README.md": r"(\d+) MB with the extras `aws,azure,google`",
        "docs/explanation/compared.md": r"(\d+) with the extras `aws,azure,google`",
        "docs/adr/0045-size-of-the-core.md": r"extras `aws,azure,google` together make it (\d+) MB",
    },
}
"""The documents that give each figure, and the words that it stands in."""


def counted() -> dict[str, int]:
    """Return the figures that the library decides."""
    library = Repository(LIBRARY)
    clouds = Counter(policy_id.split("/")[3] for policy_id in library.policy_ids)
    mappings = FrameworkMappings(library)
    policies = [policy for one in library.policy_ids if (policy := library.policy(one).value)]
    tools = [{check.tool.key for check in policy.similar_checks} for policy in policies]
    of_tool = Counter(key for keys in tools for key in keys)
    return {
        "policies": len(library.policy_ids),
        **{f"policies for {name}": clouds[key] for key, name in CLOUDS.items()},
        "services": len({tuple(policy_id.split("/")[3:5]) for policy_id in library.policy_ids}),
        "framework versions": len({one.split("/")[2] for one in library.section_ids if any(mappings.of_section(one))}),
        "policies that name checks": sum(map(bool, tools)),
        **{f"of {name}": of_tool[key] for key, name in TOOLS.items()},
    }


@pytest.mark.medium
def test_documents_give_the_figures_that_are_counted_and_agree_on_others() -> None:
    given = {
        figure: {name: re.findall(words, (ROOT / name).read_text("utf-8")) for name, words in places.items()}
        for figure, places in PLACES.items()
    }
    known = counted()
    expected = {}
    for figure, found in given.items():
        value = str(known[figure]) if figure in known else next(iter(found.values()))[0]
        expected[figure] = {name: [value] for name in found}
    assert expected == given
    assert known.keys() < given.keys()


def test_the_table_of_formats_is_that_of_the_commands() -> None:
    section = (ROOT / "docs/reference/outputs.md").read_text("utf-8").partition("## Formats of each command")[2]
    rows = re.findall(r"^\| (`.+`) \| (\w.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    given = {name: forms for names, forms in rows for name in re.findall(r"`(.+?)`", names) if name != "scan"}
    assert given == {name: ", ".join(WRITES[name]) for name in given}
    assert len(given) > 6
