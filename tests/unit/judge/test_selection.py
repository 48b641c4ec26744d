"""Who judges, who is refused, who is set aside: a value, and not a word printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.analyze.names import UnknownName
from perpend.ir.estate import Estate, Source
from perpend.judge.selection import program_named, select_policies
from tests.repositories import analyzer_of, logic
from tests.unit.judge.estates import THING

OTHER = "CA10__CaOther__c"
COUNTING = {"RELATED_LIST_HAS": {"relationshipName": "CA10__Parts__r", "status": "INCOMPLIANT"}}
RELATED = {
    "relatedLists": [
        {
            "relationshipName": "CA10__Parts__r",
            "conditions": [],
            "otherwise": {"status": "COMPLIANT", "currentStateMessage": "x"},
        }
    ]
}
FILES: dict[str, Any] = {
    "ce/a/over-things/prod.logic.yaml": logic(),
    "ce/a/over-others/prod.logic.yaml": logic(input_type=OTHER),
    "ce/b/broken/prod.logic.yaml": logic({"EXTRACT": "none"}),
    "ce/b/counting/prod.logic.yaml": logic(COUNTING, **RELATED),
    "ce/b/unwritten/wip.logic.yaml": logic(),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": {"full": "P", "contextual": "P"}} for path in list(FILES)}


def estate(*kinds: str) -> Estate:
    return Estate(tuple(Source(f"{kind}.x", kind, None, 1) for kind in kinds), {THING: ()})


def test_a_selection_says_who_judges_who_is_refused_and_who_is_set_aside(tmp_path: Path, capsys: Any) -> None:
    found = select_policies(analyzer_of(tmp_path, FILES), over=estate("credential-report"))
    assert ["/ce/a/over-things"] == [program.policy_id for program in found.programs]
    assert ["/ce/b/broken"] == list(found.refused)
    assert ["A203"] == [problem.code for problem in found.refused["/ce/b/broken"]]
    assert ("/ce/b/counting",) == found.set_aside
    assert ["/ce/a/over-things"] == list(found.policies)
    assert ("", "") == tuple(capsys.readouterr())


@pytest.mark.parametrize("kinds", [("test-data",), ("credential-report", "csv"), ("credential-report", "unheard-of"), ()])
def test_nobody_is_set_aside_where_a_source_may_list_children(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    found = select_policies(analyzer_of(tmp_path, FILES), over=estate(*kinds))
    assert ((), ["/ce/a/over-things", "/ce/b/counting"]) == (found.set_aside, [one.policy_id for one in found.programs])


def test_without_anything_to_judge_all_types_count(tmp_path: Path) -> None:
    found = select_policies(analyzer_of(tmp_path, FILES), ["/ce/a"])
    assert {THING: ["/ce/a/over-things"], OTHER: ["/ce/a/over-others"]} == {
        name: [program.policy_id for program in programs] for name, programs in found.by_type().items()
    }


@pytest.mark.parametrize(
    ("names", "over", "said"),
    [
        (["none-such"], None, "unknown policy 'none-such'"),
        (["unwritten"], None, "/ce/b/unwritten has no prod.logic.yaml: it cannot judge anything"),
        (["over-others"], estate("csv"), f"/ce/a/over-others judges {OTHER}, but the inputs hold {THING}"),
        (["*unwritten"], None, "none of the policies named has a prod.logic.yaml that can judge"),
        (["*over-others"], estate("csv"), f"no policy judges what the inputs hold: {THING}"),
        (["*counting"], estate("credential-report"), "1 that need child objects were set aside"),
    ],
)
def test_silence_that_would_look_like_a_pass_is_an_error(
    tmp_path: Path, names: list[str], over: Estate | None, said: str
) -> None:
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer_of(tmp_path, FILES), names, over=over)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/ce/a", "'/ce/a' names 2 policies"),
        ("unwritten", "has no prod.logic.yaml"),
        ("broken", "/ce/b/broken cannot be used: unknown extract `none` (ce/b/broken/prod.logic.yaml:"),
    ],
)
def test_one_program_is_found_or_the_reason_is_told(tmp_path: Path, name: str, said: str) -> None:
    analyzer = analyzer_of(tmp_path, FILES)
    assert "/ce/a/over-things" == program_named(analyzer, "over-things").policy_id
    with pytest.raises(UnknownName) as raised:
        program_named(analyzer, name)
    assert said in str(raised.value)


def test_a_policy_over_a_misspelt_type_is_told_of_before_judging(tmp_path: Path) -> None:
    misspelt = {"ce/a/over-others/prod.logic.yaml": logic(input_type="CA10__CaThig__c")}
    analyzer = analyzer_of(tmp_path, {**FILES, **misspelt})
    selection = select_policies(analyzer, ["/ce/a"], over=estate())
    assert [(f"did you mean `{THING}`?", "ce/a/over-others/prod.logic.yaml")] == [
        (one.help, one.span.path) for one in selection.misspelt
    ]
    with pytest.raises(UnknownName, match=f"did you mean `{THING}`"):
        select_policies(analyzer, ["over-others"], over=estate())
    assert () == select_policies(analyzer_of(tmp_path / "right", FILES), ["/ce/a"], over=estate()).misspelt
