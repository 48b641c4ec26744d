"""The engine study's seed policy as a plain loop in Python over the users' CSV: what one writes without an engine."""

from __future__ import annotations

import csv
import importlib
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NO_TEXT, _EMPTY = 3, 5


def loads_of(name: str) -> Callable[[str], Any]:
    """Return the function of a JSON package that reads a text."""
    found: Callable[[str], Any] = importlib.import_module(name).loads
    return found


def looped(path: Path, rows: int, loads: Callable[[str], Any]) -> tuple[list[int], list[int]]:
    """Return the row numbers and the codes of the first so many rows of a CSV of users."""
    csv.field_size_limit(sys.maxsize)
    numbers, codes = [], []
    with path.open(newline="", encoding="utf-8") as stream:
        for number, gone, document in islice(csv.reader(stream), rows):
            numbers.append(int(number))
            codes.append(code_of(gone, document, loads))
    return numbers, codes


def code_of(gone: str, document: str, loads: Callable[[str], Any]) -> int:
    """Return how the seed policy ends on a user."""
    if gone.strip():
        return 99
    if not document:
        return 101
    try:
        report = loads(document)
    except ValueError:
        return 102
    if not isinstance(report, dict):
        report = {}
    one = _flag(report.get("access_key_1_active"))
    if one > 1:
        return 100 + one
    other = _flag(report.get("access_key_2_active"))
    if other > 1:
        return (205 if one else 105) + other
    return 199 if not one and not other else 299 if one and other else 300


def _flag(value: Any) -> int:
    if value == "true":
        return 1
    if value == "false":
        return 0
    if value is None:
        return _EMPTY
    if not isinstance(value, str):
        return _NO_TEXT
    bare = value.strip().lower()
    return int(bare == "true") if bare else _EMPTY
