"""No file of a repository, whatever is in it, makes loading or analysing raise: there are only diagnostics."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perpend.authoring.lint.check import RULES_BY_CODE, lint_repository
from perpend.authoring.testing.run import run_policy_tests
from perpend.core.diagnostics.as_json import render_json
from perpend.core.diagnostics.github import render_github
from perpend.core.diagnostics.sarif import render_sarif
from perpend.core.diagnostics.text import render_text
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.operations import BY_KEY
from perpend.language.syntax.repository import Repository
from tests.estates import TYPES, repositories
from tests.repositories import NAMES, logic, policy_files, write, yaml_text
from tests.strategies import JSON, TEXT, Draw, loose_expressions, loose_uses

FILES = (
    "ce/policy/prod.logic.yaml",
    "ce/policy/policy.yaml",
    "ce/policy/test-data.json",
    "types/CA10__CaThing__c/e.extracts.yaml",
    "types/CA10__CaThing__c/type.yaml",
    "frameworks/f/section.yaml",
    "internal/rules/r.yaml",
)
SIGNS = ("- ", ": ", ", ", "{", "}", "[", "]", "&a ", "*a", "!!python/object:os.system ", "!t ", "| ", "> ", "\n", "  ", "\n- ")
MORE_SIGNS = (
    "'",
    '"',
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "#",
    "<<: *a",
    "\t",
    "\0",
    "\ufeff",
    "~",
    "1e999",
    ".inf",
    "2026-01-01",
)
WORDS = (
    "inputType",
    "conditions",
    "check",
    "status",
    "otherwise",
    "relatedLists",
    "args",
    "arg",
    "left",
    "undeterminedIf",
    *BY_KEY,
)
YAMLISH = st.lists(st.sampled_from(SIGNS) | st.sampled_from(MORE_SIGNS) | st.sampled_from(WORDS) | TEXT, max_size=30).map(
    "".join
)


def examine(root: Path) -> None:
    """Do with a repository all that Perpend does with one before it judges, and judge by what is sound."""
    repository = Repository(root)
    diagnostics = lint_repository(repository)
    for diagnostic in diagnostics:
        assert diagnostic.code in RULES_BY_CODE
        assert 1 <= diagnostic.span.line <= diagnostic.span.end_line
        assert 1 <= diagnostic.span.column
    text = render_text(diagnostics, source_line=repository.files.source_line, colour=False)
    assert not {unicodedata.category(sign) for sign in text.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(diagnostics) == len(json.loads(render_json(diagnostics))["diagnostics"])
    assert len(diagnostics) == len(render_github(diagnostics, names={}).splitlines())
    assert len(diagnostics) == len(
        json.loads(render_sarif(diagnostics, rules=RULES_BY_CODE, tool_version="0"))["runs"][0]["results"]
    )
    analyzer = Analyzer(repository)
    run_policy_tests(analyzer, repository.logic_ids)
    programs = [found for logic_id in repository.logic_ids if (found := analyzer.analyzed(logic_id).program)]
    for program in programs:
        for fields in ({}, {"Id": "a", "CA10__text__c": 1}):
            assert Interpreter([program]).evaluate(fields, 0)[0][0] in program.verdicts


def examine_files(files: dict[str, Any], path: str, content: bytes) -> None:
    """Examine a repository in which one file has the given bytes."""
    with TemporaryDirectory(prefix="perpend-") as directory:
        root = write(Path(directory), files)
        (root / path).write_bytes(content)
        examine(root)


def whole_repository() -> dict[str, Any]:
    """Return a repository with a file of every kind."""
    condition = {"IS_EMPTY": {"arg": {"FIELD": {"path": "CA10__text__c"}}}}
    document = logic(condition, testData=[{"file": "test-data.json"}])
    return policy_files(
        document,
        **TYPES,
        **{
            "ce/policy/test-data.json": [],
            "types/CA10__CaThing__c/e.extracts.yaml": {"extracts": []},
            "frameworks/f/section.yaml": {"name": "F"},
            "internal/rules/r.yaml": {"name": "R"},
        },
    )


WHOLE = whole_repository()


@given(st.sampled_from(FILES), st.binary(max_size=200))
def test_random_bytes_give_diagnostics_only(path: str, content: bytes) -> None:
    examine_files(WHOLE, path, content)


@given(st.sampled_from(FILES), YAMLISH)
def test_text_that_resembles_yaml_gives_diagnostics_only(path: str, text: str) -> None:
    examine_files(WHOLE, path, text.encode("utf-8", "surrogatepass"))


@st.composite
def mutated(draw: Draw, text: str) -> str:
    """Draw a text with a few places cut, doubled, moved or overwritten."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        piece = draw(st.sampled_from(["", text[start:end] * 2]) | YAMLISH | st.sampled_from(WORDS))
        text = text[:start] + piece + text[end:]
    return text


@given(repositories(depth=1), st.data())
def test_mutated_repositories_give_diagnostics_only(files: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in files if "ce/policy/" in path or "types/" in path]))
    examine_files(files, path, data.draw(mutated(yaml_text(files[path]))).encode("utf-8", "surrogatepass"))


GROUPS = [tuple(BY_KEY)[start : start + 8] for start in range(0, len(BY_KEY), 8)]


@pytest.mark.slow
@pytest.mark.parametrize("keys", GROUPS, ids=lambda keys: keys[0])
@settings(max_examples=8)
@given(data=st.data())
def test_operations_with_any_arguments_give_diagnostics_only(keys: tuple[str, ...], data: st.DataObject) -> None:
    with TemporaryDirectory(prefix="perpend-") as directory:
        examine(write(Path(directory), {**policy_files(logic(*data.draw(loose_uses(keys)))), **TYPES}))


@given(st.lists(loose_expressions(), min_size=1, max_size=3), st.lists(loose_expressions(2), max_size=2), JSON)
def test_expressions_of_any_shape_give_diagnostics_only(checks: list[Any], values: list[Any], more: Any) -> None:
    extracts = {"extracts": [{"name": f"e{number}", "value": value} for number, value in enumerate(values)]}
    path = "types/CA10__CaThing__c/e.extracts.yaml"
    document = logic(*checks, importExtracts=[{"file": f"/{path}"}], relatedLists=more)
    with TemporaryDirectory(prefix="perpend-") as directory:
        examine(write(Path(directory), {**policy_files(document), **TYPES, path: extracts}))


@given(st.sampled_from(FILES), JSON)
def test_any_json_in_any_file_gives_diagnostics_only(path: str, content: Any) -> None:
    examine_files(WHOLE, path, yaml_text(content).encode())


@given(st.lists(st.fixed_dictionaries({}, optional={"Id": JSON, "expectedResult": JSON, "context": JSON}), max_size=3))
def test_any_test_data_give_diagnostics_only(entries: list[Any]) -> None:
    good = {"status": "COMPLIANT", "conditionIndex": "200", "conditionText": "otherwise", "runtimeError": None}
    for entry in entries[1:]:
        entry["expectedResult"] = good
    examine_files(WHOLE, "ce/policy/test-data.json", yaml_text(entries).encode())


def test_the_repository_used_here_is_sound(tmp_path: Path) -> None:
    assert (
        [] == Repository(write(tmp_path, {**WHOLE, "ce/policy/policy.yaml": {"names": NAMES, "description": ""}})).diagnostics()
    )
