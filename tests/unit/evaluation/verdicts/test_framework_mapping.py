"""Requirements continue in another version by shared policies, not by numbers; inherited policies are marked."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from perpend.evaluation.verdicts.framework_mapping import CarryOver, RequirementCarryOver, carry_over
from perpend.language.compiler.frameworks import FrameworkMappings
from perpend.language.syntax.repository import Repository
from perpend.reports.terminal.history.compliance import carry_over_document, print_carry_over
from tests.repositories import write

OLD, NEW = "/frameworks/f-v1", "/frameworks/f-v2"


def policy(*sections: str) -> dict[str, Any]:
    mappings = [f"/frameworks/f-{one}" for one in sections]
    return {"names": {"full": "A", "contextual": "A"}, "description": "", "frameworkMappings": mappings}


FILES: dict[str, Any] = {
    "ce/kept/policy.yaml": policy("v1/01", "v2/03"),
    "ce/old/policy.yaml": policy("v1/02"),
    "ce/lost/policy.yaml": policy("v1/01", "v1/03"),
    "ce/new/policy.yaml": policy("v2/01", "v2/03"),
    "frameworks/f-v2/02/section.yaml": {"name": "2 Two", "similar": {"sections": ["/frameworks/f-v1/02"]}},
}
for place in ("f-v1", "f-v1/01", "f-v1/02", "f-v1/03", "f-v2", "f-v2/01", "f-v2/03", "f-v2/04"):
    FILES[f"frameworks/{place}/section.yaml"] = {"name": f"{place[-1]} Section"}


@pytest.fixture
def found(tmp_path: Path) -> CarryOver:
    return carry_over(FrameworkMappings(Repository(write(tmp_path, FILES))), OLD, NEW)


def test_a_requirement_goes_on_from_those_that_the_same_policy_answers(found: CarryOver) -> None:
    assert (
        RequirementCarryOver(f"{NEW}/01", (), (), (), ("/ce/new",)),
        RequirementCarryOver(f"{NEW}/02", (f"{OLD}/02",), (), ("/ce/old",), ()),
        RequirementCarryOver(f"{NEW}/03", (f"{OLD}/01",), ("/ce/kept",), (), ("/ce/new",)),
        RequirementCarryOver(f"{NEW}/04", (), (), (), ()),
    ) == found.requirements
    assert ((f"{OLD}/01", ("/ce/lost",)), (f"{OLD}/03", ("/ce/lost",))) == found.lost


def test_it_is_told_in_words_and_as_values(found: CarryOver) -> None:
    stream = io.StringIO()
    print_carry_over(found, Console(file=stream, width=200))
    text = stream.getvalue()
    assert (
        "of 4 requirements, 1 keep a policy, 1 inherit all of their policies, 2 gained one, 2 have no policy from before; 1 policy lost"
        in " ".join(text.split())
    )
    assert "f-v2/02 (was f-v1/02) inherits /ce/old" in text
    document = carry_over_document(found)
    assert {"requirement": f"{OLD}/03", "policies": ["/ce/lost"]} == document["lost"][1]
    assert ["/ce/old"] == document["requirements"][1]["inherited"]
