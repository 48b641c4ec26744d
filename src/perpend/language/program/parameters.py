"""Parameters of policies: their declaration, the check of a value, and the comparison with a benchmark's value."""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.diagnostics.model import Span

Value = int | str | tuple[int, ...] | tuple[str, ...]
"""A value of a parameter."""

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""The form of a parameter's name."""

MOST_ENTRIES: Final = 1_000
"""The largest number of entries of a list."""

MOST: Final = 1_000_000_000
"""The largest integer. The smallest one is its negative."""

_MOST_CHARACTERS: Final = 1_000
_PLACE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class ParameterKind(StrEnum):
    """The type of a parameter."""

    INTEGER = "integer"
    INTEGERS = "integers"
    TEXT = "text"
    TEXTS = "texts"

    @property
    def in_words(self) -> str:
        """The type as messages name it."""
        return {"integer": "an integer", "integers": "a list of integers", "text": "a text", "texts": "a list of texts"}[self]

    @property
    def is_list(self) -> bool:
        """Whether a value is a list."""
        return self in (ParameterKind.INTEGERS, ParameterKind.TEXTS)


class Looser(StrEnum):
    """The values that accept more: greater numbers and longer lists, or smaller numbers and shorter lists."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class DeclaredParameter:
    """A parameter as a policy declares it. ``benchmarks`` holds the values of requirements that differ from the default."""

    name: str
    description: str
    kind: ParameterKind
    default: Value
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[int | str, ...] = ()
    looser: Looser | None = None
    benchmarks: Mapping[str, Value] = field(default_factory=dict)
    span: Span | None = None

    def problem(self, value: object) -> str | None:
        """Return the reason why a value cannot be used, None if it can."""
        if not _has_kind(value, self.kind):
            return f"expected {self.expected}, found {shown(value)}"
        entries = value if isinstance(value, tuple) else (value,)
        if len(entries) > MOST_ENTRIES:
            return f"a list has at most {MOST_ENTRIES:,} entries, not {len(entries):,}"
        wrong = next((entry for entry in entries if not self._allows(entry)), None)
        return None if wrong is None else f"expected {self.expected}, found {shown(wrong)}"

    def _allows(self, entry: Any) -> bool:
        if isinstance(entry, str):
            fits = bool(entry.strip()) and entry == visible(entry) and len(entry) <= _MOST_CHARACTERS
        else:
            least = -MOST if self.minimum is None else self.minimum
            fits = least <= entry <= (MOST if self.maximum is None else self.maximum)
        return fits and (not self.allowed or entry in self.allowed)

    @property
    def expected(self) -> str:
        """The type and the bounds in words: ``an integer from 1 to 365``."""
        return f"{self.kind.in_words}{f' {self.bounds}' if self.bounds else ''}"

    @property
    def bounds(self) -> str:
        """The bounds in words, empty if there are none."""
        if self.allowed:
            return f"of {', '.join(f'`{entry}`' for entry in self.allowed)}"
        if self.minimum is not None and self.maximum is not None:
            return f"from {self.minimum} to {self.maximum}"
        if self.minimum is not None:
            return f"of at least {self.minimum}"
        return f"of at most {self.maximum}" if self.maximum is not None else ""

    def declared_text(self, in_use: ParameterValue) -> str:
        """Return the value in use, the type with its bounds and the default, in words."""
        return f"{self.name} = {value_text(in_use.value)} ({self.expected}; default {value_text(self.default)})"

    def is_looser(self, value: Value, benchmark: Value) -> bool:
        """Whether a value accepts more than a benchmark's. If the direction is not declared, any other value counts."""
        if isinstance(value, tuple) and isinstance(benchmark, tuple):
            more, fewer = set(value) - set(benchmark), set(benchmark) - set(value)
            by_direction = {Looser.HIGHER: more, Looser.LOWER: fewer, None: more | fewer}
            return bool(by_direction[self.looser])
        if self.looser is None or not isinstance(value, int) or not isinstance(benchmark, int):
            return value != benchmark
        return value > benchmark if self.looser is Looser.HIGHER else value < benchmark

    def benchmark_of(self, section: str) -> Value:
        """Return the value of a requirement: the declared one of the section or of one above it, else the default."""
        while section:
            if section in self.benchmarks:
                return self.benchmarks[section]
            section = section.rpartition("/")[0]
        return self.default


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """The value of a parameter in use, and its default."""

    name: str
    value: int | str | tuple[int, ...] | tuple[str, ...]
    default: int | str | tuple[int, ...] | tuple[str, ...]

    @property
    def is_default(self) -> bool:
        """Whether the value is the default."""
        return self.value == self.default

    @property
    def in_words(self) -> str:
        """The value in words: ``days = 30 (default 90)``."""
        return f"{self.name} = {value_text(self.value)}{'' if self.is_default else f' (default {value_text(self.default)})'}"


def values_in_use(declared: tuple[DeclaredParameter, ...], settings: Mapping[str, Value]) -> tuple[ParameterValue, ...]:
    """Return the values of declared parameters, by settings or default."""
    return tuple(
        ParameterValue(parameter.name, settings.get(parameter.name, parameter.default), parameter.default)
        for parameter in declared
    )


def value_from(document: object) -> Value | None:
    """Return the value in JSON, YAML or TOML as a parameter has it, None for something else."""
    if isinstance(document, list | tuple):
        entries = tuple(document)
        is_list = any(all(_is(entry, kind) for entry in entries) for kind in (int, str))
        return entries if is_list and len(entries) <= MOST_ENTRIES else None
    return document if _is(document, int) or _is(document, str) else None  # type: ignore[return-value]  # is checked


def value_text(value: Value) -> str:
    """Return a value as messages show it; the entries of a list with commas between them."""
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def shown(value: object) -> str:
    """Return any value in backticks for a message."""
    if isinstance(value, list | tuple):
        return f"the list `{shorten(visible(', '.join(map(str, value[:20]))))}`" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping"
    if value is None:
        return "nothing"
    text = f"`{shorten(visible(str(value).lower() if isinstance(value, bool) else str(value)))}`"
    return f"the text {text}" if isinstance(value, str) else text


def names_inserted(text: str) -> list[str]:
    """Return the names that a text has in double braces."""
    return _PLACE.findall(text)


def insert_values(text: str, values: Mapping[str, Value]) -> str:
    """Return a text with values in place of the names in double braces. Unknown names stay."""
    return _PLACE.sub(lambda place: value_text(values[place[1]]) if place[1] in values else place[0], text)


def insert_value(text: str, values: Mapping[str, Value]) -> int | str:
    """Return a text with values in place of names; an integer if the text is nothing but the name of an integer."""
    whole = _PLACE.fullmatch(text)
    value = values.get(whole[1]) if whole else None
    return value if isinstance(value, int) else insert_values(text, values)


def _has_kind(value: object, kind: ParameterKind) -> bool:
    entry = int if kind in (ParameterKind.INTEGER, ParameterKind.INTEGERS) else str
    if kind.is_list:
        return isinstance(value, tuple) and all(_is(part, entry) for part in value)
    return _is(value, entry)


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
