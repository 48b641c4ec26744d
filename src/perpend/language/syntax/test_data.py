"""Read the test objects of a logic file and their expected results, from ``test-data.json`` or from the logic file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Span, suggestion
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.status import Status
from perpend.core.values.values import date_time_from_text
from perpend.language.syntax import rules
from perpend.language.syntax.files import UnreadableFile
from perpend.language.syntax.json_positions import JsonPlaces, json_document

if TYPE_CHECKING:
    from collections.abc import Mapping

RESERVED: Final = ("expectedResult", "context")
"""The keys of a test object that are not fields."""

MAX_VALUES = 1_000_000
"""The most values in a file, without keys."""

_MAX_FAULTS = 100_000
"""The number of problems after which the rest of a file is skipped."""

EXPECTED: Final = ("status", "conditionIndex", "conditionText", "runtimeError")
"""The keys of an expectation, in the order of the format."""

_INDEX = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected result of a test. ``index`` is text, as in the format; ``runtime_error`` None means no error."""

    status: str
    index: str
    text: str | None
    runtime_error: str | None


@dataclass(frozen=True, slots=True)
class TestObject:
    """One test: the object, the snapshot time as ISO text (None: now), and the expected result.

    ``path`` is the data file, empty if the test is in the logic file; ``number`` counts its objects from 0.
    """

    __test__ = False

    id: str
    fields: Mapping[str, Any]
    snapshot_time: str | None
    expected: Expected
    path: str = ""
    number: int = 0


def read_test_objects(text: str, path: str, diagnostics: list[Diagnostic]) -> list[TestObject]:
    """Return the test objects in a JSON text. Objects without a usable expectation become diagnostics."""
    places = JsonPlaces(text, path)
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        message = f"the file holds more than {MAX_VALUES:,} values"
        diagnostics.append(rules.TOO_MANY_VALUES.at(Span(path), message))
        return []
    repeated: list[str] = []
    try:
        entries = json_document(text, path, repeated=repeated)
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return []
    if not isinstance(entries, list):
        diagnostics.append(rules.NOT_TEST_DATA.at(places.at(0), "test data must be a JSON array of objects"))
        return []
    for key in dict.fromkeys(repeated):
        diagnostics.append(rules.DUPLICATE_KEY.at(places.repeated(key), f"duplicate key `{shorten(key)}`"))
    reader, tests = _TestObjects(places, diagnostics), []
    for number, entry in enumerate(entries):
        tests.append(reader.read(entry, number))
        if len(diagnostics) > _MAX_FAULTS:
            break
    return [test for test in tests if test is not None]


def _excerpt(value: Any) -> str:
    return shorten(value if isinstance(value, str) else json.dumps(value))


@dataclass(frozen=True, slots=True)
class _TestObjects:
    places: JsonPlaces
    diagnostics: list[Diagnostic]

    def read(self, entry: Any, number: int) -> TestObject | None:
        if not isinstance(entry, dict):
            self._note(rules.NOT_TEST_DATA, "a test object must be a JSON object", number)
            return None
        identity = shorten(str(entry.get("Id")))
        expected = entry.get("expectedResult")
        if not isinstance(expected, dict):
            self._note(rules.MISSING_EXPECTATION, f"the test object `{identity}` has no `expectedResult`", number)
            return None
        absent = [key for key in EXPECTED if key not in expected]
        if absent:
            self._note(rules.MISSING_EXPECTATION, f"`expectedResult` lacks `{'`, `'.join(absent)}`", number, "expectedResult")
            return None
        context = entry.get("context")
        time = context.get("snapshotTime") if isinstance(context, dict) else None
        if not self._is_possible(expected, time, number):
            return None
        error = expected["runtimeError"]
        return TestObject(
            str(entry.get("Id", f"object {number + 1}")),
            {key: value for key, value in entry.items() if key not in RESERVED},
            time,
            Expected(
                expected["status"],
                str(expected["conditionIndex"]),
                None if expected["conditionText"] is None else str(expected["conditionText"]),
                None if error is None else str(error),
            ),
            self.places.path,
            number,
        )

    def _is_possible(self, expected: Mapping[str, Any], time: Any, number: int) -> bool:
        """Whether some verdict can match the expectation. Reports impossible ones, and snapshot times that are not times."""
        status, index = expected["status"], expected["conditionIndex"]
        problems = []
        if status not in tuple(Status):
            help = suggestion(str(status)[:60], tuple(Status)) or f"one of {', '.join(Status)}"
            problems.append((f"`{_excerpt(status)}` is not a status", ("expectedResult", "status"), help))
        if isinstance(index, bool) or not _INDEX.fullmatch(str(index)):
            help = "`299` is condition 2 itself, `201` its first check"
            problems.append((f"`{_excerpt(index)}` is not a condition index", ("expectedResult", "conditionIndex"), help))
        if time is not None and (not isinstance(time, str) or date_time_from_text(time) is None):
            help = "for example `2026-01-31T12:00:00Z`"
            problems.append((f"`{_excerpt(time)}` is not a date and time in ISO 8601", ("context", "snapshotTime"), help))
        for message, keys, help in problems:
            self._note(rules.IMPOSSIBLE_EXPECTATION, message, number, *keys, help=help)
        return not problems

    def _note(self, rule: Rule, message: str, number: int, *keys: str, help: str | None = None) -> None:
        self.diagnostics.append(rule.at(self.places.entry(number, *keys), message, help=help))
