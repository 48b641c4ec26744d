"""Programs from the cache are those that the compiler would make now, or there are none."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from perpend.core.objects.object_types import Types
from perpend.core.user_cache import UserCache
from perpend.evaluation.verdicts.selection import select_policies
from perpend.language.compiler import program_cache
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.program_cache import cache_of
from perpend.language.program.encoding import CannotBeWritten, programs_from, text_of
from perpend.language.syntax.repository import LIBRARY, Repository
from tests.repositories import LOGIC, judged, logic, policy_files, write

THING = "CA10__CaThing__c"
CHECK = {"IS_EQUAL": {"left": {"EXTRACT": "size"}, "right": {"NUMBER": 3}}}
TYPE = {"label": "Thing", "fields": [{"name": "size__c", "type": "number"}, {"name": "name__c", "type": "text"}]}
EXTRACTS = {"extracts": [{"name": "size", "value": {"FIELD": {"path": "size__c", "undeterminedIf": {"isEmpty": "No size"}}}}]}
IMPORTS = {"importExtracts": [{"file": f"/types/{THING}/object.extracts.yaml"}]}
FILES = {
    **policy_files(logic(CHECK, **IMPORTS)),
    f"types/{THING}/type.yaml": TYPE,
    f"types/{THING}/object.extracts.yaml": EXTRACTS,
}


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(program_cache, "is_alone", lambda: True)
    return tmp_path / "caches" / "perpend" / "programs"


@pytest.fixture
def root(tmp_path):
    return write(tmp_path / "repository", FILES)


@pytest.fixture
def compiled(monkeypatch):
    """The logic files that were compiled, not taken from the cache."""
    made = []
    analyze = Analyzer._analyze
    monkeypatch.setattr(Analyzer, "_analyze", lambda self, logic_id: made.append(logic_id) or analyze(self, logic_id))
    return made


def _program(root):
    (program,) = Analyzer(Repository(root)).programs([LOGIC])
    assert program is not None
    return program


def test_the_second_reading_compiles_nothing(root, compiled, caches):
    fresh = _program(root)
    assert compiled == [LOGIC]
    cached = _program(root)
    assert compiled == [LOGIC]
    assert text_of([cached]) == text_of([fresh])
    assert (cached.block.conditions[0].expression is fresh.block.conditions[0].expression) is False
    for size in (3, 4, None):
        assert judged(cached, {"size__c": size}) == judged(fresh, {"size__c": size})


CHANGES = {
    "the logic": {
        "ce/policy/prod.logic.yaml": policy_files(logic({"NOT": {"arg": CHECK}}, **IMPORTS))["ce/policy/prod.logic.yaml"]
    },
    "a type": {f"types/{THING}/type.yaml": {**TYPE, "label": "Other"}},
    "an extract": {f"types/{THING}/object.extracts.yaml": {"extracts": [{"name": "size", "value": {"NUMBER": 3}}]}},
    "another file of extracts": {f"types/{THING}/more.extracts.yaml": {"extracts": [{"name": "more", "value": {"TEXT": "a"}}]}},
    "a new type": {"types/CA10__CaOther__c/type.yaml": {"label": "Other"}},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_change_is_compiled(root, compiled, changed):
    former = _program(root)
    write(root, changed)
    program = _program(root)
    assert compiled == [LOGIC] * 2
    assert (text_of([program]) == text_of([former])) is ("more" in str(changed) or "Other__c" in str(changed))
    assert text_of([program]) == text_of([Analyzer(Repository(root)).analyzed(LOGIC).program])


def test_a_file_that_goes_is_noticed(root, compiled):
    write(root, {"types/CA10__CaOther__c/type.yaml": {"label": "Other"}})
    _program(root)
    (root / "types/CA10__CaOther__c/type.yaml").unlink()
    _program(root)
    assert compiled == [LOGIC] * 2


def test_the_fallback_counts(root, tmp_path, compiled):
    below = write(tmp_path / "below", {"types/CA10__CaOther__c/type.yaml": {"label": "Other"}})
    for _ in range(2):
        Analyzer(Repository(root, fallback=Repository(below))).programs([LOGIC])
    assert compiled == [LOGIC]
    write(below, {"types/CA10__CaOther__c/type.yaml": {"label": "Changed"}})
    Analyzer(Repository(root, fallback=Repository(below))).programs([LOGIC])
    assert compiled == [LOGIC] * 2


@pytest.mark.parametrize("name", ["__version__", "_sources"])
def test_another_perpend_compiles_again(root, compiled, monkeypatch, name):
    _program(root)
    monkeypatch.setattr(program_cache, name, "0.0.0" if name == "__version__" else lambda: [("language/a.py", 1, 1)])
    _program(root)
    _program(root)
    assert compiled == [LOGIC] * 2


def test_modules_of_the_compiler_are_recognised_by_size_and_time():
    names = {name for name, _, _ in program_cache._sources()}
    assert {"language/compiler/analyzer.py", "language/program/encoding.py", "core/objects/object_types.py"} <= names


DOUBTFUL = {
    "no text": b"\xff",
    "no JSON": b"{",
    "an unknown operation": b'[[[3, "ODD"]], []]',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "a program of other types": json.dumps([[], [[7, *range(7)]]]).encode(),
}


@pytest.mark.parametrize("content", DOUBTFUL.values(), ids=DOUBTFUL)
def test_doubtful_content_is_compiled_again(root, compiled, caches, content):
    _program(root)
    (kept,) = caches.iterdir()
    UserCache(caches).write(kept.name, content)
    assert text_of([_program(root)]) == text_of([_program(root)])
    assert compiled == [LOGIC] * 2


def test_the_programs_of_other_logic_files_are_not_taken(root, compiled, caches):
    program = _program(root)
    (kept,) = caches.iterdir()
    UserCache(caches).write(kept.name, text_of([replace(program, logic_id="/ce/other/prod.logic.yaml")]).encode())
    assert _program(root).logic_id == LOGIC
    assert compiled == [LOGIC] * 2


def test_errors_and_warnings_are_found_each_time(root, compiled, caches):
    write(root, {"ce/policy/prod.logic.yaml": policy_files(logic({"ODD": {}}))["ce/policy/prod.logic.yaml"]})
    for _ in range(2):
        analyzer = Analyzer(Repository(root))
        assert analyzer.programs([LOGIC]) == [None]
        assert analyzer.repository.logic(LOGIC).diagnostics
    assert compiled == [LOGIC] * 2
    assert not caches.exists()


def test_a_file_that_changes_meanwhile_is_not_kept(root, caches, monkeypatch):
    analyze = Analyzer._analyze

    def changing(self, logic_id):
        result = analyze(self, logic_id)
        write(root, CHANGES["a type"])
        return result

    monkeypatch.setattr(Analyzer, "_analyze", changing)
    _program(root)
    assert not caches.exists()


def test_a_file_that_cannot_be_read_leaves_the_cache_alone(root, caches):
    (root / f"types/{THING}/gone.extracts.yaml").symlink_to("/etc/passwd")
    os.truncate(root / f"types/{THING}/type.yaml", 5 * 2**20)
    assert cache_of(Repository(root), [LOGIC]) is None


def test_a_program_that_imports_perpend_has_no_cache(root, caches, monkeypatch):
    monkeypatch.setattr(program_cache, "is_alone", lambda: False)
    _program(root)
    assert not caches.exists()


def test_a_cache_that_cannot_be_written_is_no_failure(root, caches):
    caches.parent.mkdir(parents=True)
    caches.write_text("a file is in the way")
    assert _program(root).logic_id == LOGIC


def test_a_value_without_a_form_is_not_written(root):
    program = _program(root)
    with pytest.raises(CannotBeWritten, match="a value of set"):
        text_of([replace(program, reads={1})])
    with pytest.raises(CannotBeWritten):
        text_of([replace(program, logic_id=float("nan"))])


@pytest.mark.medium
def test_cached_programs_of_the_library_are_those_compiled(compiled):
    fresh = select_policies(Analyzer(Repository(LIBRARY)))
    number = len(compiled)
    cached = select_policies(Analyzer(Repository(LIBRARY)))
    assert len(compiled) == number
    assert text_of(cached.programs) == text_of(fresh.programs)
    assert (cached.refused, cached.set_aside, cached.policies) == (fresh.refused, fresh.set_aside, fresh.policies)
    assert Types.together(program.types for program in (*cached.programs, *fresh.programs))


@pytest.mark.medium
def test_programs_from_text_share_their_expressions():
    programs = select_policies(Analyzer(Repository(LIBRARY))).programs
    again = programs_from(text_of(programs))
    assert len(_expressions(again)) == len(_expressions(programs))


def _expressions(programs):
    found = {}
    pending = [
        condition.expression for program in programs for block in _blocks(program.block) for condition in block.conditions
    ]
    while pending:
        expression = pending.pop()
        if id(expression) not in found:
            found[id(expression)] = expression
            pending += expression.operands
    return found


def _blocks(block):
    yield block
    for below in block.related.values():
        yield from _blocks(below)
