"""Write the text of a policy's files from an entry of a table."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Final

from perpend.authoring.scaffold.table_shape import Form
from perpend.authoring.scaffold.templates import yaml_text
from perpend.core.objects.object_types import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perpend.authoring.scaffold.table import CheckedField, Guard, NamedEntry, Row, Scalar
    from perpend.core.objects.object_types import ObjectType

UNFINISHED: Final = "Fill in:"
"""The mark of a text that a person has to write."""

_WIDTH: Final = 118
_SHORT: Final = 90

_POLICY: Final = """\
names:
  full: {full}
  contextual: {contextual}
description: {description}
type: BEST_PRACTICE
categories:
{categories}{mappings}"""

_LOGIC: Final = """\
inputType: {type_name}
testData:
  - file: test-data.json
conditions:
{conditions}otherwise:
  status: {status}
  currentStateMessage: {message}
"""

_CONDITION: Final = """\
  - status: {status}
    currentStateMessage: {message}
{remediation}    check:
{check}
"""

_RATING: Final = """\
  - policies: [{policy}]
    severity: {level}
    because: {because}
    source: {source}
"""

_DESCRIPTION: Final = """\
{mark} what this policy checks, in a sentence; then why.

## Rationale

{mark} what can happen to an object that fails.

## Audit

### From the console

1. {mark} where the console shows the value.

### From the command line

```sh
{mark} the command that shows the value
```

{mark} which answer is a finding.

### How this policy judges

It reads {fields}.

| Status | When |
|---|---|
{table}

## References

- {mark} the page of the provider's documentation
"""

_REMEDIATION: Final = """\
{mark} what to know before the change.

## From the console

1. {mark} the steps.

## From the command line

```sh
{commands}
```

## From Terraform

```terraform
{mark} the attribute of the resource
```
"""


def policy_text(row: Row) -> str:
    """Return the ``policy.yaml`` of an entry."""
    mappings = "".join(f"  - {section}\n" for section in row.mappings)
    return _POLICY.format(
        full=yaml_text(row.full),
        contextual=yaml_text(row.contextual),
        description=_folded(row.description, 2),
        categories="".join(f"  - {category}\n" for category in row.categories),
        mappings=f"frameworkMappings:\n{mappings}" if mappings else "",
    )


def logic_text(row: Row) -> str:
    """Return the ``prod.logic.yaml`` of an entry."""
    conditions = [condition for guard in row.guards for condition in _guard_conditions(guard)]
    if row.entry is not None:
        conditions += _entry_conditions(row, row.entry)
        return _LOGIC.format(type_name=row.type.name, conditions="".join(conditions), status="UNDETERMINED", message="*unknown")
    faulty, sound = _checks(row)
    conditions.append(_condition("INCOMPLIANT", row.incompliant, faulty, remediation=row.remediation))
    if sound:
        conditions.append(_condition("COMPLIANT", row.compliant, sound))
    status, message = ("UNDETERMINED", row.undetermined) if sound else ("COMPLIANT", row.compliant)
    return _LOGIC.format(type_name=row.type.name, conditions="".join(conditions), status=status, message=_folded(message, 4))


def rating_text(row: Row) -> str:
    """Return an entry of a file of ratings, empty if the row has no severity."""
    if row.severity is None:
        return ""
    because, source = _folded(row.severity.because, 6), yaml_text(row.severity.source)
    lines = [
        f"  - policies: [{row.id}]",
        f"    severity: {row.severity.level}",
        f"    because: {because}",
        f"    source: {source}",
    ]
    return "\n".join(lines) + "\n"


def description_text(row: Row, type_of: Callable[[str], ObjectType]) -> str:
    """Return a ``description.md`` with parts to fill in."""
    outcomes = [
        pair for guard in row.guards for pair in (("INAPPLICABLE", guard.inapplicable), ("UNDETERMINED", guard.undetermined))
    ]
    outcomes += [("INCOMPLIANT", row.incompliant), ("COMPLIANT", row.compliant), ("UNDETERMINED", row.undetermined)]
    fields = [f"**{_label(checked, row.type, type_of)}**" for checked in (*(guard.field for guard in row.guards), row.field)]
    return _DESCRIPTION.format(
        mark=UNFINISHED,
        fields=" and ".join(part for part in (", ".join(fields[:-1]), fields[-1]) if part),
        table="\n".join(f"| {status} | {_cell(message)} |" for status, message in outcomes if message),
    )


def remediation_text(row: Row) -> str:
    """Return a ``remediation.md`` with the commands of an entry, and parts to fill in."""
    commands = re.findall(r"`([^`]+)`", row.remediation)
    return _REMEDIATION.format(mark=UNFINISHED, commands="\n".join(commands) or f"{UNFINISHED} the command")


def _cell(message: str) -> str:
    return message.replace("|", r"\|")


def _label(checked: CheckedField, object_type: ObjectType, type_of: Callable[[str], ObjectType]) -> str:
    *lookups, name = checked.path.split(".")
    holder = reached(object_type, lookups, type_of)
    return holder.fields[name].label or name if name in holder.fields else name


def _condition(status: str, message: str, check: str, *, remediation: str = "") -> str:
    fix = f"    remediationMessage: {_folded(remediation, 6)}\n" if remediation else ""
    return _CONDITION.format(
        status=status, message=_folded(message, 6), remediation=fix, check=textwrap.indent(check, "      ").rstrip()
    )


def _guard_conditions(guard: Guard) -> list[str]:
    """Return the conditions that leave out objects with another value; a closed guard knows each value that has a meaning."""
    value = _field(guard.field, guard.undetermined)
    if not guard.closed:
        return [_condition("INAPPLICABLE", guard.inapplicable, _not_in(guard.values, value))]
    if guard.prefixes:
        begins = _begins_with(guard.values, _field(guard.field))
        return [
            _condition("INAPPLICABLE", guard.inapplicable, _begins_with(guard.others, value, _field(guard.field))),
            _condition("UNDETERMINED", guard.undetermined, f"NOT:\n  arg:\n{textwrap.indent(begins, '    ')}"),
        ]
    return [
        _condition("INAPPLICABLE", guard.inapplicable, _in(guard.others, value)),
        _condition("UNDETERMINED", guard.undetermined, _not_in(guard.values, _field(guard.field))),
    ]


def _begins_with(prefixes: Sequence[Scalar], value: str, later: str = "") -> str:
    """Return the check that a value begins with one of several texts; ``later`` reads it again after the first."""
    reads = [value, *(later or value for _ in prefixes[1:])]
    checks = [
        f"STARTS_WITH:\n  arg:{_nested(read, 4)}\n  search: {_constant(prefix)}"
        for prefix, read in zip(prefixes, reads, strict=True)
    ]
    if len(checks) == 1:
        return checks[0]
    return "OR:\n  args:\n" + "\n".join(f"    - {textwrap.indent(check, '      ').lstrip()}" for check in checks)


def _entry_conditions(row: Row, entry: NamedEntry) -> list[str]:
    """Return the conditions for an entry of a JSON array: its value if the array has it, else its default."""
    name = entry.name.replace("\\", "\\\\").replace("'", "\\'")
    if row.form is Form.ONE_OF:
        read = ("JSON_QUERY_TEXT", f"[?name == '{name}'].value | [0]")
        faulty, sound = (_in(row.fails, _query(row, *read, first=True)), _in(row.passes, _query(row, *read)))
    else:
        value = f"[?name == '{name}' && type(value) == 'string'].value | [0]"
        read = ("JSON_QUERY_NUMBER", f"{value} | to_number(@) || @")
        below, above = ("LESS_THAN", "GREATER_THAN_EQUAL") if row.form is Form.AT_LEAST else ("GREATER_THAN", "LESS_THAN_EQUAL")
        faulty, sound = (
            f"{operation}:\n  left:{_nested(_query(row, *read, first=first), 4)}\n  right: {_constant(row.limit)}"
            for operation, first in ((below, True), (above, False))
        )
    is_set = f"length([?type(name) == 'string']) != length(@) && 'odd' || contains([*].name, '{name}')"
    conditions = [
        _condition("INCOMPLIANT", row.incompliant, faulty, remediation=row.remediation),
        _condition("COMPLIANT", row.compliant, sound),
        _CONDITION.format(
            status="UNDETERMINED",
            message="*unknown",
            remediation="",
            check=textwrap.indent(_query(row, "JSON_QUERY_BOOLEAN", is_set), "      "),
        ),
    ]
    default_by = _field(entry.default_by)
    if entry.default_fails:
        check = _in(entry.default_fails, default_by)
        conditions.append(_condition("INCOMPLIANT", row.incompliant, check, remediation=row.remediation))
    if entry.default_passes:
        conditions.append(_condition("COMPLIANT", row.compliant, _in(entry.default_passes, default_by)))
    return conditions


def _query(row: Row, operation: str, expression: str, *, first: bool = False) -> str:
    """Return a query of the document in a row's field. The first one of a file names the message for what is not known."""
    message = f"&unknown {_folded(row.undetermined, 10, width=_WIDTH - 12)}" if first else "*unknown"
    return (
        f"{operation}:\n"
        "  arg:\n"
        "    JSON_FROM:\n"
        f"      arg: {{FIELD: {{path: {row.field.path}, returnType: BYTES}}}}\n"
        "      undeterminedIf:\n"
        f"        isEmpty: {message}\n"
        "        isInvalid: *unknown\n"
        f"  expression: {json.dumps(expression)}\n"
        "  undeterminedIf:\n"
        "    evaluationError: *unknown\n"
        "    resultTypeMismatch: *unknown"
    )


def _not_in(values: Sequence[Scalar], value: str) -> str:
    if len(values) == 1:
        return f"NOT_EQUAL:\n  left:{_nested(value, 4)}\n  right: {_constant(values[0])}"
    return f"NOT:\n  arg:\n    CONTAINS:\n      arg:{_nested(_set(values), 8)}\n      search:{_nested(value, 8)}"


def _checks(row: Row) -> tuple[str, str]:
    """Return the check of the fault, and that of its absence; the latter is empty if every other known value passes."""
    value = _field(row.field)
    match row.form:
        case Form.ONE_OF | Form.IS_TRUE | Form.IS_FALSE:
            return _in(row.fails, value), _in(row.passes, value)
        case Form.NONE_OF:
            return _in(row.fails, _field(row.field, row.undetermined)), ""
        case Form.AT_LEAST | Form.AT_MOST:
            operation = "LESS_THAN" if row.form is Form.AT_LEAST else "GREATER_THAN"
            checked = _nested(_field(row.field, row.undetermined), 4)
            return f"{operation}:\n  left:{checked}\n  right: {_constant(row.limit)}", ""
        case Form.EMPTY:
            return f"NOT_EMPTY: {{arg: {value}}}", ""
        case Form.CONTAINS:
            return f"NOT:\n  arg:\n{textwrap.indent(_has_items(row.items, value, 'CONTAINS_ALL'), '    ')}", ""
        case Form.LACKS:
            return _has_items(row.items, _field(row.field, row.undetermined), "CONTAINS_ANY"), ""
        case Form.NOT_EMPTY:
            return f"IS_EMPTY: {{arg: {value}}}", ""


def _in(values: Sequence[Scalar | None], value: str) -> str:
    known = [one for one in values if one is not None]
    if len(known) == 1:
        return f"IS_EQUAL:\n  left:{_nested(value, 4)}\n  right: {_constant(known[0])}"
    return f"CONTAINS:\n  arg:{_nested(_set(known), 4)}\n  search:{_nested(value, 4)}"


def _has_items(items: Sequence[Scalar], value: str, operation: str) -> str:
    """Return the check that a text with one item a line has an item, or several by an operation."""
    lines = textwrap.indent(f'SET_FROM:\n  arg:{_nested(value, 4)}\n  separator: "\\n"', "    ")
    if len(items) == 1:
        return f"CONTAINS:\n  arg:\n{lines}\n  search: {_constant(items[0])}"
    return f"{operation}:\n  arg:\n{lines}\n  search:{_nested(_set(items), 4)}"


def _field(checked: CheckedField, undetermined: str = "") -> str:
    """Return the operation that reads a field. With a message, an object without a value is UNDETERMINED."""
    if not undetermined:
        return f"{{FIELD: {{path: {checked.path}}}}}"
    message = _folded(undetermined, 6, width=_WIDTH - 16)
    return f"FIELD:\n  path: {checked.path}\n  undeterminedIf:\n    isEmpty: {message}"


def _nested(operation: str, indent: int) -> str:
    """Return an operation behind its key: in the same line, or indented below it."""
    return f"\n{textwrap.indent(operation, ' ' * indent)}" if "\n" in operation else f" {operation}"


def _set(values: Sequence[Scalar]) -> str:
    """Return a set of texts: in one line if it is short, else with one text a line."""
    items = [_flow_text(str(value)) for value in values]
    line = f"{{SET: {{itemType: TEXT, items: [{', '.join(items)}]}}}}"
    if len(line) <= _WIDTH - 16:
        return line
    return "SET:\n  itemType: TEXT\n  items:\n" + "\n".join(f"    - {item}" for item in items)


def _constant(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return f"{{BOOLEAN: {str(value).lower()}}}"
    if isinstance(value, int | float):
        return f"{{NUMBER: {value!r}}}"
    return f"{{TEXT: {_flow_text(str(value))}}}"


def _flow_text(text: str) -> str:
    """Return a text as a YAML scalar between brackets or braces, where a comma would end it."""
    return json.dumps(text, ensure_ascii=not text.isprintable()) if "," in text else yaml_text(text)


def _folded(text: str, indent: int, *, width: int = _WIDTH) -> str:
    """Return a text as a YAML scalar: in one line if it is short, else folded below its key."""
    lines = textwrap.wrap(text, width - indent, break_long_words=False, break_on_hyphens=False)
    if len(text) <= _SHORT or " ".join(lines) != text or not text.isprintable():
        return yaml_text(text)
    return ">-\n" + "\n".join(f"{' ' * indent}{line}" for line in lines)
