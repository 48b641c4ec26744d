"""Policies are selected, rejected or skipped, with reasons, and nothing is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.evaluation.verdicts.selection import PolicyView, name_of, policies_named, program_named, select_policies, view_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import UnknownName
from perpend.language.syntax.repository import Repository
from tests.repositories import analyzer_of, logic, policy_files, write
from tests.unit.evaluation.verdicts.evaluate_objects import THING

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


ONE = CloudObject(THING, "a", "a", "a", {}, Origin("a.csv"))


def inventory(*kinds: str) -> Inventory:
    return Inventory(tuple(Source(f"{kind}.x", kind, None, 1) for kind in kinds), {THING: (ONE,)})


def test_a_selection_says_who_judges_who_is_refused_and_who_is_set_aside(tmp_path: Path, capsys: Any) -> None:
    found = select_policies(analyzer_of(tmp_path, FILES), over=inventory("credential-report"))
    assert ["/ce/a/over-things"] == [program.policy_id for program in found.programs]
    assert ["/ce/b/broken"] == list(found.refused)
    assert ["A203"] == [problem.code for problem in found.refused["/ce/b/broken"]]
    assert ("/ce/b/counting",) == found.set_aside
    assert ["/ce/a/over-things"] == list(found.policies)
    assert ("", "") == tuple(capsys.readouterr())


@pytest.mark.parametrize("kinds", [("test-data",), ("credential-report", "csv"), ("credential-report", "unheard-of"), ()])
def test_nobody_is_set_aside_where_a_source_may_list_children(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    found = select_policies(analyzer_of(tmp_path, FILES), over=inventory(*kinds))
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
        (["unwritten"], None, "/ce/b/unwritten has no prod.logic.yaml, so it cannot be evaluated"),
        (["over-others"], inventory("csv"), f'/ce/a/over-others applies to "{OTHER}", but the inputs contain "{THING}"'),
        (["*unwritten"], None, "none of the selected policies has a prod.logic.yaml that can be evaluated"),
        (
            ["*over-others"],
            inventory("csv"),
            f'the policies apply to "{OTHER}", of which the inputs hold nothing: they contain "{THING}"',
        ),
        (["*counting"], inventory("credential-report"), "1 skipped for lack of data in the inputs"),
    ],
)
def test_silence_that_would_look_like_a_pass_is_an_error(
    tmp_path: Path, names: list[str], over: Inventory | None, said: str
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


def section(**keys: Any) -> dict[str, Any]:
    return {"name": "S", **keys}


MAPPED: dict[str, Any] = {
    **FILES,
    "ce/a/over-things/policy.yaml": {
        "names": {"full": "Over things", "contextual": "Things"},
        "frameworkMappings": ["/frameworks/f/1.1"],
    },
    "ce/a/over-others/policy.yaml": {
        "names": {"full": "Over others", "contextual": "Others"},
        "frameworkMappings": ["/frameworks/g"],
    },
    "ce/b/broken/policy.yaml": {"names": {"full": "B", "contextual": "B"}, "frameworkMappings": ["/frameworks/f/1"], "odd": 1},
    "frameworks/f/section.yaml": section(),
    "frameworks/f/1/section.yaml": section(),
    "frameworks/f/1.1/section.yaml": section(),
    "frameworks/f/2/section.yaml": section(similar={"sections": ["/frameworks/g"]}),
    "frameworks/g/section.yaml": section(),
}
MAPPED |= {path: {"description": "", **one} for path, one in MAPPED.items() if path.endswith("policy.yaml")}
BROKEN, COUNTING_, OTHERS, THINGS_ = "/ce/b/broken", "/ce/b/counting", "/ce/a/over-others", "/ce/a/over-things"


def test_policies_that_only_reach_a_framework_are_selected_on_request(tmp_path: Path) -> None:
    similar = section(similar={"sections": ["/frameworks/g"]})
    spoke = MAPPED | {"frameworks/h/section.yaml": section(), "frameworks/h/1/section.yaml": similar}
    repository = analyzer_of(tmp_path, spoke).repository
    assert [BROKEN] == policies_named(repository, framework="h")
    assert [OTHERS, BROKEN] == policies_named(repository, framework="h", inherited=True)


@pytest.mark.parametrize("framework", ["f", "/f/", "frameworks/f", "/frameworks/f", "/frameworks/f/"])
def test_a_framework_names_the_policies_of_its_sections_however_it_is_written(tmp_path: Path, framework: str) -> None:
    repository = analyzer_of(tmp_path, MAPPED).repository
    assert [THINGS_, BROKEN] == policies_named(repository, framework=framework)
    assert [OTHERS, THINGS_, BROKEN] == policies_named(repository, framework=framework, inherited=True)
    assert [THINGS_] == policies_named(repository, ["/ce/a"], framework)


def test_a_section_is_no_other_that_begins_like_it(tmp_path: Path) -> None:
    repository = analyzer_of(tmp_path, MAPPED).repository
    assert [BROKEN] == policies_named(repository, framework="f/1")
    assert [THINGS_, BROKEN] == policies_named(repository, framework="f/1.1"), "an odd descriptor may mean any"


def test_a_framework_chooses_who_judges(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, MAPPED)
    for inherited, judging in ((False, [THINGS_]), (True, [OTHERS, THINGS_])):
        found = select_policies(analyzer, framework="f", inherited=inherited)
        assert (judging, [BROKEN]) == ([one.policy_id for one in found.programs], list(found.refused))
    assert [THINGS_] == [one.policy_id for one in select_policies(analyzer, framework="f").programs]


def test_a_framework_says_of_each_policy_that_can_judge_why_it_does_not(tmp_path: Path) -> None:
    mapped = {"names": {"full": "P", "contextual": "P"}, "description": "", "frameworkMappings": ["/frameworks/f/1.1"]}
    folders = [
        "ce/a/over-things",
        "ce/a/over-others",
        "ce/a/over-unlabelled",
        "ce/b/broken",
        "ce/b/counting",
        "ce/c/left",
        "ce/c/no",
    ]
    files = {
        **MAPPED,
        "ce/a/over-unlabelled/prod.logic.yaml": logic(input_type="CA10__CaBare__c"),
        "ce/c/left/prod.logic.yaml": logic(),
        "ce/c/no/prod.logic.yaml": logic(),
        **{f"{folder}/policy.yaml": mapped for folder in folders},
        f"types/{OTHER}/type.yaml": {"label": "Other", "fields": {}},
    }
    analyzer = analyzer_of(tmp_path, files)
    names = ["/ce/a", "/ce/b", "*left"]
    found = select_policies(analyzer, names, framework="f", exclude=["*left"], over=inventory("credential-report"))
    [asked] = found.frameworks
    said = {one.policy_id: one.why_not for requirement in asked.requirements for one in requirement.policies}
    assert {
        "/ce/a/over-things": "",
        "/ce/a/over-others": "no Other among the inputs",
        "/ce/a/over-unlabelled": "no CA10__CaBare__c among the inputs",
        "/ce/b/broken": "has errors: see perpend lint",
        "/ce/b/counting": "needs objects or fields that these inputs do not list",
        "/ce/c/left": "excluded by --exclude",
        "/ce/c/no": "not selected by --policy",
    } == said


@pytest.mark.parametrize(
    ("framework", "said"),
    [
        ("fx", "unknown framework or section 'fx' (did you mean 'f'?)"),
        ("f/1.2", "unknown framework or section 'f/1.2' (did you mean '1.1'?)"),
        ("zzzz\n", "unknown framework or section 'zzzz\\n'"),
    ],
)
def test_a_framework_that_is_none_is_refused(tmp_path: Path, framework: str, said: str) -> None:
    with pytest.raises(UnknownName) as raised:
        policies_named(analyzer_of(tmp_path, MAPPED).repository, framework=framework)
    listed = "" if framework == "f/1.2" else "; `perpend list frameworks` shows all"
    assert f"{said}{listed}" == str(raised.value)


@pytest.mark.parametrize(
    ("names", "framework", "said"),
    [
        ((), "z", "no policy is mapped to 'z'"),
        (["over-things"], ["g", "z"], "no policy of those named is mapped to 'g' or 'z'"),
        (
            (),
            "f/2",
            "no policy is mapped to 'f/2'; --inherited includes 1 that map to it through rules or similar sections",
        ),
    ],
)
def test_a_framework_that_no_policy_is_mapped_to_is_told(
    tmp_path: Path, names: list[str], framework: str | list[str], said: str
) -> None:
    sound = {path: one for path, one in MAPPED.items() if not path.startswith("ce/b/broken")}
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer_of(tmp_path, {**sound, "frameworks/z/section.yaml": section()}), names, framework=framework)
    assert said == str(raised.value)


def test_policies_are_called_by_their_names_else_by_their_ids(tmp_path: Path) -> None:
    unnamed = {
        "ce/a/over-others/policy.yaml": {"names": {"full": "Over others", "contextual": ""}},
        "ce/b/broken/policy.yaml": {"names": {"full": "", "contextual": "Short"}},
        "ce/b/counting/policy.yaml": "x",
    }
    analyzer = analyzer_of(tmp_path, {**MAPPED, **unnamed})
    views = [view_of(analyzer.repository, one) for one in (THINGS_, OTHERS, BROKEN, COUNTING_)]
    assert [
        PolicyView(THINGS_, "Over things", "Things"),
        PolicyView(OTHERS, "Over others", "Over others"),
        PolicyView(BROKEN, BROKEN, "Short"),
        PolicyView(COUNTING_, COUNTING_, COUNTING_),
    ] == views
    found = select_policies(analyzer, ["/ce/a"])
    assert dict(zip((OTHERS, THINGS_), (views[1], views[0]), strict=True)) == found.policies


def test_a_policy_is_named_by_the_shortest_ending_that_is_its_own(tmp_path: Path) -> None:
    ids = ("ce/aws/net/no-ssh", "ce/google/net/no-ssh", "ce/google/vm/no-rdp", "ce/google/vm/more-no-rdp")
    repository = analyzer_of(tmp_path, {f"{one}/policy.yaml": "x" for one in ids}).repository
    assert ["aws/net/no-ssh", "google/net/no-ssh", "no-rdp", "more-no-rdp"] == [name_of(repository, f"/{one}") for one in ids]
    assert "gone" == name_of(repository, "/ce/gone")


def test_all_declared_types_go_with_a_selection(tmp_path: Path) -> None:
    types = {f"types/{OTHER}/type.yaml": {"label": "Other", "fields": {}}}
    own = select_policies(analyzer_of(tmp_path, {**FILES, **types}), ["/ce/a"]).types
    assert {OTHER: "Other"} == {name: one.label for name, one in own.items()}
    fallback = Repository(write(tmp_path / "fallback", {f"types/{THING}/type.yaml": {"label": "Thing", "fields": {}}}))
    both = select_policies(Analyzer(Repository(tmp_path, fallback=fallback)), ["/ce/a"]).types
    assert {OTHER: "Other", THING: "Thing"} == {name: one.label for name, one in both.items()}


def test_a_policy_that_counts_children_judges_where_it_is_named_and_where_nothing_is_judged(tmp_path: Path) -> None:
    analyzer, flat = analyzer_of(tmp_path, FILES), inventory("credential-report")
    for names, over in ((["counting"], flat), (["/ce/b/counting"], flat), ((), None)):
        found = select_policies(analyzer, names, over=over)
        assert (COUNTING_ in [one.policy_id for one in found.programs], ()) == (True, found.set_aside)


@pytest.mark.parametrize(
    ("names", "over", "said"),
    [
        (
            ["*counting"],
            inventory("credential-report"),
            f'no policy applies to the inputs, which contain "{THING}"; 1 skipped for lack of data in the inputs (--policy selects one by name)',
        ),
        (
            ["*over-others"],
            Inventory((), {}),
            f'the policies apply to "{OTHER}", of which the inputs hold nothing: they contain no objects',
        ),
        (["over-others"], inventory("csv"), f'/ce/a/over-others applies to "{OTHER}", but the inputs contain "{THING}"'),
        (
            ["*over-others"],
            Inventory((), {**dict.fromkeys("ABCDE", (ONE,)), THING: (ONE, ONE), "Empty": ()}),
            f'the policies apply to "{OTHER}", of which the inputs hold nothing: they contain "{THING}" and "A" and "B" and 3 more types',
        ),
    ],
)
def test_silence_is_explained_in_full(tmp_path: Path, names: list[str], over: Inventory, said: str) -> None:
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer_of(tmp_path, FILES), names, over=over)
    assert said == str(raised.value)


def test_what_is_excluded_and_what_is_absent_are_told_apart(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, FILES)
    found = select_policies(analyzer, exclude=["*counting"], over=inventory("csv"))
    assert (("/ce/b/counting",), {"/ce/a/over-others": OTHER}) == (found.excluded, found.absent)
    both = select_policies(analyzer, exclude=["*counting", "over-others"], over=inventory("csv"))
    assert (("/ce/b/counting",), {}) == (both.excluded, both.absent)
    by_itself = select_policies(analyzer, ["counting"], exclude=["*counting"])
    assert (["/ce/b/counting"], ()) == ([one.policy_id for one in by_itself.programs], by_itself.excluded)
    with pytest.raises(UnknownName, match=r"can be evaluated; 1 excluded \(--policy selects one by name\)$"):
        select_policies(analyzer, ["counting"], exclude=["*counting"], standing=True)
    with pytest.raises(UnknownName, match=r"^unknown policy 'nothing'"):
        select_policies(analyzer, exclude=["nothing"])


@pytest.mark.parametrize(
    ("names", "inherited", "advice"),
    [
        ([], False, "; --inherited includes 1 that map to it through rules or similar sections"),
        (["*over-things"], False, ""),
        ([], True, None),
    ],
)
def test_who_reaches_a_framework_otherwise_is_told_where_nobody_who_names_it_judges(
    tmp_path: Path, names: list[str], inherited: bool, advice: str | None
) -> None:
    sound = {path: one for path, one in MAPPED.items() if not path.startswith("ce/b/broken")}
    analyzer, over = analyzer_of(tmp_path, sound), Inventory((Source("a.csv", "csv", None, 1),), {OTHER: ()})
    if advice is None:
        found = select_policies(analyzer, names, framework="f", inherited=inherited, over=over)
        assert [OTHERS] == [one.policy_id for one in found.programs]
        return
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer, names, framework="f", inherited=inherited, over=over)
    held = "of which the inputs hold nothing: they contain no objects"
    assert f'the policies apply to "{THING}", {held}{advice}' == str(raised.value)


@pytest.mark.parametrize(
    ("frameworks", "told"),
    [
        ("f", [("/frameworks/f", ())]),
        (["f/2", "f/1"], [("/frameworks/f", ("/frameworks/f/1", "/frameworks/f/2"))]),
        (["g", "f"], [("/frameworks/g", ()), ("/frameworks/f", ())]),
    ],
)
def test_each_framework_is_told_once_with_all_sections_asked_of_it(
    tmp_path: Path, frameworks: str | list[str], told: list[tuple[str, tuple[str, ...]]]
) -> None:
    found = select_policies(analyzer_of(tmp_path, MAPPED), framework=frameworks).frameworks
    assert told == [(one.id, one.sections) for one in found]


def test_a_program_by_name_is_one_or_the_whole_reason_is_told(tmp_path: Path) -> None:
    more = {f"ce/c/{number}/prod.logic.yaml": logic() for number in range(7)}
    more |= {f"ce/c/{number}/policy.yaml": {"names": {"full": "P", "contextual": "P"}} for number in range(7)}
    analyzer = analyzer_of(tmp_path, {**FILES, **more})
    for name, said in (
        ("/ce/c", "'/ce/c' names 7 policies: /ce/c/0, /ce/c/1, /ce/c/2, /ce/c/3, /ce/c/4"),
        ("over-thing", "unknown policy 'over-thing' (did you mean 'over-things'?)"),
        ("/ce/b/unwritten", "/ce/b/unwritten has no prod.logic.yaml, so it cannot be evaluated"),
    ):
        with pytest.raises(UnknownName) as raised:
            program_named(analyzer, name)
        assert said == str(raised.value)


def test_a_policy_over_a_misspelt_type_is_told_of_before_judging(tmp_path: Path) -> None:
    misspelt = {"ce/a/over-others/prod.logic.yaml": logic(input_type="CA10__CaThig__c")}
    analyzer = analyzer_of(tmp_path, {**FILES, **misspelt})
    selection = select_policies(analyzer, ["/ce/a"], over=inventory())
    assert [(f"did you mean `{THING}`?", "ce/a/over-others/prod.logic.yaml")] == [
        (one.help, one.span.path) for one in selection.misspelt
    ]
    with pytest.raises(UnknownName, match=f"did you mean `{THING}`"):
        select_policies(analyzer, ["over-others"], over=inventory())
    assert () == select_policies(analyzer_of(tmp_path / "right", FILES), ["/ce/a"], over=inventory()).misspelt


def test_one_name_is_not_taken_for_many(tmp_path: Path) -> None:
    analyzer = analyzer_of(tmp_path, {"ce/a/prod.logic.yaml": logic()})
    with pytest.raises(TypeError, match=r"names must be a list, not one text: write \['a'\]"):
        select_policies(analyzer, "a")
    with pytest.raises(TypeError, match="policies to exclude must be a list"):
        select_policies(analyzer, exclude="a")


def test_a_repository_without_policies_or_frameworks_says_so(tmp_path: Path) -> None:
    bare, policies = (
        analyzer_of(tmp_path / name, files) for name, files in (("bare", {"types/x.txt": ""}), ("policies", FILES))
    )
    with pytest.raises(UnknownName, match=r"^this repository has no policies$"):
        select_policies(bare, over=inventory("csv"))
    with pytest.raises(UnknownName, match=r"^unknown framework or section 'cis-aws': this repository has no frameworks$"):
        select_policies(policies, framework="cis-aws", over=inventory("csv"))


@pytest.mark.parametrize("written", ["acme thing", f"{THING[:-3]}s__c"])
@pytest.mark.parametrize("names", [[], ["policy"]])
def test_a_label_or_a_misspelt_type_gets_the_api_name_that_is_meant(tmp_path: Path, written: str, names: list[str]) -> None:
    files = {**policy_files(logic(input_type=written)), f"types/{THING}/type.yaml": {"label": "Acme Thing", "fields": []}}
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer_of(tmp_path, files), names, over=inventory("csv"))
    assert f'to "{written}", ' in str(raised.value)
    before, _, hint = str(raised.value).rpartition("; ")
    assert before.endswith('contain "Acme Thing"')
    assert f"`{THING}`" in hint


def test_many_types_are_counted(tmp_path: Path) -> None:
    files: dict[str, Any] = {}
    for name in "abcdefgh":
        files[f"ce/{name}/policy.yaml"] = {"names": {"full": "P", "contextual": "P"}}
        files[f"ce/{name}/prod.logic.yaml"] = logic(input_type=f"CA10__{name}__c")
    with pytest.raises(UnknownName) as raised:
        select_policies(analyzer_of(tmp_path, files), over=inventory("csv"))
    listed = 'the policies apply to "CA10__a__c" and "CA10__b__c" and "CA10__c__c" and 5 more types, of which '
    assert str(raised.value).startswith(listed)
