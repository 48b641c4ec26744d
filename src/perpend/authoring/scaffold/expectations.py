"""Fill blank or missing expectations of test data with the result of each test object.

Only blanks are filled, and only if the rest of the expectation agrees with the result: a wrong expectation stays, and its
test keeps failing.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.scaffold.edits import Edit, EditedFile, edited
from perpend.authoring.scaffold.writing import write_edits, write_new
from perpend.core.dataclass import dataclass
from perpend.core.values.values import date_time_from_text, json_from_text, milliseconds_from_datetime
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax import rules
from perpend.language.syntax.files import MAX_TEST_DATA, UnreadableFile
from perpend.language.syntax.json_positions import JsonPlaces
from perpend.language.syntax.test_data import EXPECTED, RESERVED, read_test_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program
    from perpend.language.syntax.repository import Repository

NEW_FILE: Final = "test-data.json"
"""The name of a new file of test data, next to the logic file."""

_KEY: Final = "expectedResult"
_CAN_BE_BLANK: Final = {rules.MISSING_EXPECTATION.code, rules.IMPOSSIBLE_EXPECTATION.code}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STEP: Final = "  "
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class FilledFile(EditedFile):
    """A file of test data with edits that fill its blanks: how many objects are ``filled``, and why others stay blank."""

    filled: int
    unfilled: tuple[tuple[str, str], ...]

    @property
    def after(self) -> str:
        """The text with its blanks filled."""
        return edited(self.text, self.edits)


def fill_blanks(analyzer: Analyzer, logic_ids: Sequence[str]) -> list[FilledFile]:
    """Return the files of test data of logic files that have blanks, with the edits that fill them.

    If several logic files share a file, an object is filled only if all of them agree, chosen or not.
    """
    repository = analyzer.repository
    chosen = {path for logic_id in logic_ids for path in _data_files(repository, logic_id)}
    users: dict[str, list[str]] = {path: [] for path in sorted(chosen)}
    for logic_id in repository.logic_ids:
        for path in dict.fromkeys(_data_files(repository, logic_id)):
            if path in users:
                users[path].append(logic_id)
    files = (_fill(analyzer, path, logics) for path, logics in users.items())
    return [file for file in files if file is not None]


def append_objects(repository: Repository, logic_id: str, objects: Iterable[str]) -> str | None:
    """Append test objects, each a line of JSON, to the test data of a logic file. Existing text does not change.

    Return the path of the file if it is new and the logic file has to name it, else None. Raise ``NotWritten``.
    """
    logic = repository.logic(logic_id).value
    texts = ",\n".join(f"  {text}" for text in objects)
    if logic is None or not texts:
        return None
    if not logic.test_data:
        path = f"{logic_id.lstrip('/').rpartition('/')[0]}/{NEW_FILE}"
        write_new(repository.files.root, {path: f"[\n{texts}\n]\n"})
        return path
    path = repository.referred(logic.test_data[0], logic.id, []) or ""
    if path:
        text = repository.files.text(path, limit=MAX_TEST_DATA)
        end = text.rstrip().rfind("]")
        start = len(text[:end].rstrip())
        comma = "" if text[:start].endswith("[") else ","
        write_edits(repository.files.root, [EditedFile(path, text, (Edit(start, end, f"{comma}\n{texts}\n"),))])
    return None


def _data_files(repository: Repository, logic_id: str) -> list[str]:
    logic = repository.logic(logic_id).value
    paths = (repository.referred(reference, logic_id, []) for reference in logic.test_data) if logic else ()
    return [path for path in paths if path is not None]


def _fill(analyzer: Analyzer, path: str, logic_ids: Sequence[str]) -> FilledFile | None:
    diagnostics: list[Diagnostic] = []
    try:
        text = analyzer.repository.files.text(path, limit=MAX_TEST_DATA)
    except UnreadableFile:
        return None
    read_test_objects(text, path, diagnostics)
    if {problem.code for problem in diagnostics} - _CAN_BE_BLANK:
        return None  # running its tests reports that the file is not test data
    programs = [analyzer.analyzed(logic_id).program for logic_id in logic_ids]
    filling = _Filling(JsonPlaces(text, path), text, logic_ids, programs)
    for number, entry in enumerate(json_from_text(text)):
        if isinstance(entry, dict) and _is_blank_somewhere(entry.get(_KEY)):
            filling.fill(number, entry)
    if not filling.filled and not filling.unfilled:
        return None
    return FilledFile(path, text, tuple(filling.edits), filling.filled, tuple(filling.unfilled))


def _is_blank_somewhere(expected: Any) -> bool:
    """Whether a part of an expectation is blank. A null ``runtimeError`` is not: null means that no error is expected."""
    if expected is None:
        return True
    return isinstance(expected, dict) and any(_is_blank(expected, key) for key in EXPECTED)


def _is_blank(expected: Mapping[str, Any], key: str) -> bool:
    if key == "runtimeError":
        return key not in expected
    value = expected.get(key)
    return value is None or (isinstance(value, str) and not value.strip())


class _Filling:
    """The edits of one file."""

    def __init__(self, places: JsonPlaces, text: str, logic_ids: Sequence[str], programs: Sequence[Program | None]) -> None:
        self.places = places
        self.text = text
        self.logic_ids = logic_ids
        self.programs = programs
        self.interpreters = [(program, Interpreter([program])) for program in programs if program is not None]
        self.now = milliseconds_from_datetime(datetime.now(UTC))
        self.edits: list[Edit] = []
        self.filled = 0
        self.unfilled: list[tuple[str, str]] = []

    def fill(self, number: int, entry: Mapping[str, Any]) -> None:
        """Fill the blanks of one object, or note why they stay."""
        expected = entry.get(_KEY) or {}
        actual, reason = self._end(entry)
        reason = reason or _disagreement(expected, actual)
        if reason:
            self.unfilled.append((str(entry.get("Id", f"object {number + 1}")), reason))
            return
        self.filled += 1
        self.edits += _edits(self.places, number, {key: actual[key] for key in EXPECTED if _is_blank(expected, key)})

    def _end(self, entry: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the result of an object that all programs agree on, or the reason that there is none."""
        for logic_id, program in zip(self.logic_ids, self.programs, strict=True):
            if program is None:
                return {}, f"{logic_id} has errors: see `perpend lint`"
        context = entry.get("context")
        time = context.get("snapshotTime") if isinstance(context, dict) else None
        instant = date_time_from_text(time) if isinstance(time, str) else None
        if time is not None and instant is None:
            return {}, "its `snapshotTime` is not a date and time in ISO 8601"
        fields = {key: value for key, value in entry.items() if key not in RESERVED}
        outcomes = [_end_of(*evaluate, fields, self.now if instant is None else instant) for evaluate in self.interpreters]
        for logic_id, end in zip(self.logic_ids, outcomes, strict=True):
            if end != outcomes[0]:
                both = f"{self.logic_ids[0]} ends at {outcomes[0]['conditionIndex']}, {logic_id} at {end['conditionIndex']}"
                return {}, f"{both}: one object cannot expect both"
        return outcomes[0], ""


def _end_of(program: Program, interpreter: Interpreter, fields: Mapping[str, Any], time: int) -> dict[str, Any]:
    index, error = interpreter.evaluate(fields, time)[0]
    verdict = program.verdicts[index]
    return dict(zip(EXPECTED, (verdict.status.value, str(index), verdict.text, error), strict=True))


def _disagreement(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str:
    """Return how a filled part of an expectation differs from the result, empty if none does."""
    for key in EXPECTED:
        if _is_blank(expected, key):
            continue
        wanted, actually = expected[key], actual[key]
        same = (wanted is None) == (actually is None) if key == "runtimeError" else str(wanted) == actually
        if not same:
            return f"expects {key} {json.dumps(wanted)[:_SHOWN]}, but the result is {json.dumps(actually)[:_SHOWN]}"
    return ""


def _edits(places: JsonPlaces, number: int, values: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield the edits that write values into the expectation of one object, in the layout of the file."""
    start = places.entries[number]
    members = list(places.members(start))
    member = next((member for member in members if member.name == _KEY), None)
    if member is None:
        yield _first_member(places.text, start, members[0].start if members else None, values)
        return
    inner = list(places.members(member.value)) if places.text[member.value] == "{" else []
    if not inner:
        layout = _ObjectLayout.at(places.text, member.start, start)
        yield Edit(member.value, member.value_end, layout.json(values))
        return
    written = {member.name: member for member in inner}
    for key, value in values.items():
        if key in written:
            yield Edit(written[key].value, written[key].value_end, _json(value))
    more = [f'"{key}": {_json(value)}' for key, value in values.items() if key not in written]
    if more:
        last, space = inner[-1], _line_space(places.text, inner[-1].start) or " "
        yield Edit(last.value_end, last.value_end, "".join(f",{space}{pair}" for pair in more))


def _first_member(text: str, start: int, first: int | None, values: Mapping[str, Any]) -> Edit:
    if first is None:
        return Edit(start + 1, start + 1, f'"{_KEY}": {_ObjectLayout("", "").json(values)}')
    layout = _ObjectLayout.at(text, first, start)
    return Edit(first, first, f'"{_KEY}": {layout.json(values)},{layout.space or " "}')


@dataclass(frozen=True, slots=True)
class _ObjectLayout:
    """The line end and indentation before each member of an object, empty if all are on one line."""

    space: str
    step: str

    @classmethod
    def at(cls, text: str, member: int, start: int) -> _ObjectLayout:
        """Return the layout of the object that begins at ``start``, read at one of its members."""
        space = _line_space(text, member)
        return cls(space, _indentation(space, len(space)).removeprefix(_indentation(text, start)) or _STEP)

    def json(self, values: Mapping[str, Any]) -> str:
        """Return an object of values as JSON."""
        pairs = [f'"{key}": {_json(value)}' for key, value in values.items()]
        if not self.space:
            return f"{{{', '.join(pairs)}}}"
        inner = self.space + self.step
        return f"{{{inner}{f',{inner}'.join(pairs)}{self.space}}}"


def _line_space(text: str, place: int) -> str:
    """Return the line end and the indentation before ``place``, empty if it does not begin a line."""
    start = place
    while text[start - 1] in " \t":
        start -= 1
    if text[start - 1] != "\n":
        return ""
    return ("\r\n" if text[start - 2] == "\r" else "\n") + text[start:place]


def _indentation(text: str, place: int) -> str:
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=isinstance(value, str) and bool(_SURROGATE.search(value)))
