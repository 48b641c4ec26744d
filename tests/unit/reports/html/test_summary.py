"""What is read without a script: requirements in classes that add up, reasons once."""

from __future__ import annotations

import re

from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.requirements import FrameworkSelection, Requirement, RequirementPolicy, scorecards_of
from perpend.reports.html.columns import UnknownReason
from perpend.reports.html.summary import reasons, requirements


def widths(html: str) -> dict[str, float]:
    return {name: float(width) for name, width in re.findall(r'<rect class="([^"]*)" x="[^"]*" width="([^"]*)"', html)}


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def test_requirements_say_who_was_not_asked_and_lead_to_findings() -> None:
    asked, other = RequirementPolicy("/ce/a", True), RequirementPolicy("/ce/b", True, "excluded")
    framework = FrameworkSelection(
        "/f/x",
        "X <b>",
        (),
        (
            Requirement("/f/x/1", "1", "One\u202e", (asked,)),
            Requirement("/f/x/2", "2", "Two", (other,)),
            Requirement("/f/x/3", "3", "", ()),
        ),
    )
    cards = scorecards_of([framework], {"/ce/a": dict.fromkeys(Status, 0) | {Status.INCOMPLIANT: 7}})
    html = requirements(cards, {"/f/x/1": "1", "/f/x/2": ""})
    assert "X &lt;b&gt; 1 of 3 requirements were asked" in words(html)
    assert "1 One\\u202e ✕ fails 7 0 0" in words(html) and "2 Two · not asked 0 0 0" in words(html)
    assert ["1"] == re.findall('data-show="requirement=([^"]*)"', html), "nothing leads to what was not asked"
    assert {"fails": 333.33, "not": 333.34} | widths(html) == widths(html)
    assert 1 == html.count('<details class="framework" open>'), "the report is about this framework"
    assert 2 == requirements([*cards, *cards], {}).count('<details class="framework">'), "of several, none hides the others"


def test_reasons_stand_once_and_the_rest_is_counted() -> None:
    found = [UnknownReason(f"Reason <{number}>", "Ask.", 2, 1) for number in range(52)]
    assert "Undetermined: 104 verdicts, for 52 reasons" in words(reasons(found))
    assert "Reason &lt;0&gt; Ask. 2 1" in words(reasons(found)) and "The list below has 2 more reasons." in words(
        reasons(found)
    )
    assert "" == reasons([])
