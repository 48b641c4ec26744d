"""Test objects of a logic file with what is expected of each: from ``test-data.json``, or written beside the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perpend.diagnostics.model import Diagnostic, Rule, Span
from perpend.ir.values import json_from_text
from perpend.load import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RESERVED = ("expectedResult", "context")
_EXPECTED = ("status", "conditionIndex", "conditionText", "runtimeError")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test expects. ``index`` is text, as the format writes it; ``runtime_error`` None means none."""

    status: str
    index: str
    text: str
    runtime_error: str | None


@dataclass(frozen=True, slots=True)
class TestObject:
    """One test: the object, the time of the snapshot as ISO text (None: now), the expectation."""

    __test__ = False

    id: str
    fields: Mapping[str, Any]
    snapshot_time: str | None
    expected: Expected


def test_objects_from_json(text: str, path: str, diagnostics: list[Diagnostic]) -> list[TestObject]:
    """Return the test objects of a JSON text; those without a usable expectation become diagnostics."""
    places = _Places(text, path)
    try:
        entries = json_from_text(text)
    except json.JSONDecodeError as error:
        diagnostics.append(rules.JSON_SYNTAX.at(places.at(error.pos), f"JSON syntax: {error.msg}"))
        return []
    except ValueError as error:
        diagnostics.append(rules.JSON_SYNTAX.at(Span(path), f"JSON syntax: {error}"))
        return []
    if not isinstance(entries, list):
        diagnostics.append(rules.NOT_TEST_DATA.at(places.at(0), "test data must be a JSON array of objects"))
        return []
    return [found for number, entry in enumerate(entries) if (found := _test_object(entry, number, places, diagnostics))]


test_objects_from_json.__test__ = False  # type: ignore[attr-defined] - the name is a noun, not a test


def _test_object(entry: Any, number: int, places: _Places, diagnostics: list[Diagnostic]) -> TestObject | None:
    def note(rule: Rule, message: str, key: str | None = None) -> None:
        diagnostics.append(rule.at(places.entry(number, key), message))

    if not isinstance(entry, dict):
        note(rules.NOT_TEST_DATA, "a test object must be a JSON object")
        return None
    expected = entry.get("expectedResult")
    if not isinstance(expected, dict):
        note(rules.MISSING_EXPECTATION, f"the test object `{entry.get('Id')}` has no `expectedResult`")
        return None
    absent = [key for key in _EXPECTED if key not in expected]
    if absent:
        note(rules.MISSING_EXPECTATION, f"`expectedResult` lacks `{'`, `'.join(absent)}`", "expectedResult")
        return None
    context = entry.get("context")
    time = context.get("snapshotTime") if isinstance(context, dict) else None
    error = expected["runtimeError"]
    return TestObject(
        str(entry.get("Id")),
        {key: value for key, value in entry.items() if key not in _RESERVED},
        None if time is None else str(time),
        Expected(
            str(expected["status"]),
            str(expected["conditionIndex"]),
            str(expected["conditionText"]),
            None if error is None else str(error),
        ),
    )


class _Places:
    """Finds lines and columns in a JSON text, only when a diagnostic asks."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def at(self, offset: int, length: int = 1) -> Span:
        line = self.text.count("\n", 0, offset) + 1
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return Span(self.path, line, column, line, column + length)

    def entry(self, number: int, key: str | None) -> Span:
        """Return the place of an entry of the array, or of a key directly in it."""
        start, end = next(span for at, span in enumerate(self._entries()) if at == number)
        if key is not None:
            found = self.text.find(f'"{key}"', start, end)
            if found >= 0:
                return self.at(found, len(key) + 2)
        return self.at(start)

    def _entries(self) -> Iterator[tuple[int, int]]:
        decoder = json.JSONDecoder()
        offset = self.text.index("[") + 1
        while True:
            while self.text[offset] in " \t\r\n,":
                offset += 1
            if self.text[offset] == "]":
                return
            _, end = decoder.raw_decode(self.text, offset)
            yield offset, end
            offset = end
