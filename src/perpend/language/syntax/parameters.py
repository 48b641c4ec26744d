"""Read the declarations of a policy's parameters, and insert their values into a logic file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.diagnostics.phrases import shorten
from perpend.language.program.parameters import (
    NAME,
    DeclaredParameter,
    Looser,
    ParameterKind,
    shown,
)
from perpend.language.syntax import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.read import Fields, Placed


def parameters_from(records: tuple[Fields, ...], diagnostics: list[Diagnostic]) -> tuple[DeclaredParameter, ...]:
    """Return the parameters that a policy declares, without those with errors."""
    declared: dict[str, DeclaredParameter] = {}
    for record in records:
        before = len(diagnostics)
        parameter = _parameter(record, diagnostics)
        if parameter is not None and parameter.name in declared:
            _note(record["name"], f"two parameters are called `{parameter.name}`", diagnostics)
        elif parameter is not None and len(diagnostics) == before:
            declared[parameter.name] = parameter
    return tuple(declared.values())


def _parameter(record: Fields, diagnostics: list[Diagnostic]) -> DeclaredParameter | None:
    if any(record.get(key) is None for key in ("name", "type", "default")):
        return None
    name, kind = record.text("name"), ParameterKind(record.text("type"))
    if not NAME.fullmatch(name):
        wanted = "up to 40 small letters, digits and hyphens, a letter first"
        _note(record["name"], f"`{shorten(name)}` is not the name of a parameter: {wanted}", diagnostics)
    bounds = {key: _bound(record, key, kind, diagnostics) for key in ("minimum", "maximum")}
    least, most = bounds["minimum"], bounds["maximum"]
    if least is not None and most is not None and least > most:
        _note(record["minimum"], f"`minimum` {least} is greater than `maximum` {most}", diagnostics)
    parameter = DeclaredParameter(
        name,
        record.text("description", "").strip(),
        kind,
        record.text("default"),
        least,
        most,
        _allowed(record, kind, diagnostics),
        Looser(record.text("looser")) if record.text("looser") else None,
        {section: placed.value for section, placed in _benchmarks(record)},
        record["name"].span,
    )
    values = [("default", record["default"]), *((f"value of {section}", placed) for section, placed in _benchmarks(record))]
    for what, placed in values:
        if reason := parameter.problem(placed.value):
            _note(placed, f"the {what} of `{shorten(name)}`: {reason}", diagnostics)
    return parameter


def _bound(record: Fields, key: str, kind: ParameterKind, diagnostics: list[Diagnostic]) -> int | None:
    value: Any = record.text(key)
    if value is None:
        return None
    if kind not in (ParameterKind.INTEGER, ParameterKind.INTEGERS):
        _note(record[key], f"`{key}` is for integers, not for {kind.in_words}: use `allowed`", diagnostics)
    elif not isinstance(value, int):
        _note(record[key], f"`{key}` takes an integer, not {shown(value)}", diagnostics)
    else:
        return value
    return None


def _allowed(record: Fields, kind: ParameterKind, diagnostics: list[Diagnostic]) -> tuple[int | str, ...]:
    value: Any = record.text("allowed")
    if value is None:
        return ()
    entry = int if kind in (ParameterKind.INTEGER, ParameterKind.INTEGERS) else str
    if not isinstance(value, tuple) or not value or not all(isinstance(part, entry) for part in value):
        _note(record["allowed"], f"`allowed` takes a list of the values of {kind.in_words}", diagnostics)
        return ()
    return value


def _benchmarks(record: Fields) -> Iterator[tuple[str, Placed]]:
    for benchmark in record.records("benchmarks"):
        if benchmark.get("section") is not None and benchmark.get("value") is not None:
            yield benchmark.text("section"), benchmark["value"]


def _note(placed: Placed, message: str, diagnostics: list[Diagnostic]) -> None:
    diagnostics.append(rules.INVALID_PARAMETER.at(placed.span, message))
