"""Write the reference pages of the operations from their declarations. ``docs/reference/operations`` is the output.

python -m perpend.language.syntax.reference docs/reference/operations
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.language.operations import BY_KEY, OPERATIONS
from perpend.language.operations.operation import CheckDeclaration, Operation, Parameter, Result
from perpend.language.syntax.schema import class_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX = "index.md"
"""The file name of the index page."""

_GENERATED = "<!-- Written by `make reference`; edit the declaration in `perpend.language.operations` instead. -->"
_DIALECTS = {"D1": "D1 (2024)", "D2": "D2 (2025)", "D3": "D3 (newest)"}
_RESULTS = {
    Result.FIELD: "the type of the field; Bytes with `returnType: BYTES`",
    Result.OPERAND: "the type of `arg`",
    Result.EXTRACT: "the type of the extract",
    Result.RETURN_TYPE: "the type that `returnType` names",
    Result.LIST: "a list of Text or Bytes",
    Result.SET: "a set of Text or Bytes",
    Result.COLLECTION: "a collection of Text or Bytes, its items as the flags say",
}
_PLACE = re.compile(r"\{(\w+)(?:!(\w+))?\}")
_COMPUTED = {
    "delegate": "⟨path of the delegate⟩",
    "deletion": "⟨deletion field⟩",
    "flags": "⟨flags⟩",
    "get": "⟨getExact or getInexact⟩",
    "has": "⟨hasExact or hasInexact⟩",
}
_FORMS = {
    "q": "'⟨{}⟩'",
    "o": "⟨'{}' where given⟩",
    "l": "[⟨{}⟩]",
    "t": "⟨{} as Text or Bytes⟩",
    "and": "⟨{}⟩ && …",
    "or": "⟨{}⟩ || …",
}


def operation_pages() -> dict[str, str]:
    """Return a Markdown page for every operation, and the index, by file name."""
    pages = {f"{page_name(operation)}.md": _page(operation) for operation in OPERATIONS.values()}
    return {INDEX: _index(), **pages}


def write_reference(directory: Path) -> list[Path]:
    """Write all pages into a directory, created if absent, and delete pages without an operation. Return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    pages = operation_pages()
    for path in directory.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")
    return [directory / name for name in pages]


def page_name(operation: Operation) -> str:
    """Return the name of an operation's page, and of its vectors in ``spec/ops``: ``is-equal``, ``contains-substring``."""
    return re.sub(r"[^a-z0-9]+", "-", operation.name.lower()).strip("-")


def text_form(operation: Operation, text: str) -> str:
    """Return the text form of an operation, with ⟨…⟩ for the author's parts."""

    def place(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if name == "self":
            return text_form(operation, operation.text)
        if name == "type":
            return f"⟨{'ListOf…' if operation.result is Result.LIST else 'SetOf…'}⟩"
        return _COMPUTED.get(name) or _FORMS.get(form, "⟨{}⟩").format(name)

    return _PLACE.sub(place, text)


def _page(operation: Operation) -> str:
    lines = [f"# {operation.name}", "", _GENERATED, "", operation.doc, ""]
    lines += [
        f"- Key: `{operation.key}`",
        f"- Family: [{operation.family}]({INDEX}#{_anchor(operation.family)})",
        f"- Dialects: {', '.join(_DIALECTS[dialect] for dialect in operation.dialects)}",
        f"- Result: {_result(operation)}",
        f"- Null: {operation.nulls}",
        f"- Text: `{text_form(operation, operation.text)}`",
        "",
    ]
    twins = [twin for twin in BY_KEY[operation.key] if twin is not operation]
    if twins:
        links = ", ".join(f"[{twin.name}]({page_name(twin)}.md)" for twin in twins)
        lines += [f"The same key with other parameters: {links}.", ""]
    lines += ["## Parameters", "", *_parameters(operation), ""]
    if operation.checks:
        lines += ["## Checks", "", *_checks(operation), ""]
    lines += ["## Example", "", "```yaml", operation.example, "```", ""]
    lines += [f"Vectors: [`spec/ops/{page_name(operation)}.yaml`](../../../spec/ops/{page_name(operation)}.yaml)", ""]
    return "\n".join(lines)


def _result(operation: Operation) -> str:
    return operation.result.value if isinstance(operation.result, ValueType) else _RESULTS[operation.result]


def _parameters(operation: Operation) -> list[str]:
    if not operation.parameters:
        return ["None: write `{}`."]
    if operation.scalar:
        parameter = operation.parameters[0]
        return [f"The key holds {_takes(parameter)} directly: {parameter.doc[0].lower()}{parameter.doc[1:]}"]
    rows = [
        (f"`{parameter.name}`", _takes(parameter), "yes" if parameter.required else _default(parameter), parameter.doc)
        for parameter in operation.parameters
    ]
    return _table(("Key", "Takes", "Required", "Meaning"), rows)


def _takes(parameter: Parameter) -> str:
    if parameter.choices is not None:
        return " or ".join(f"`{choice}`" for choice in parameter.choices)
    if parameter.operand is not None:
        kinds = class_text(parameter.operand)
        return f"list of operations that give {kinds}" if parameter.many else f"operation that gives {kinds}"
    assert parameter.constant is not None
    return parameter.constant.value


def _default(parameter: Parameter) -> str:
    if parameter.default is None or parameter.default == ():
        return "no"
    shown = str(parameter.default).lower() if isinstance(parameter.default, bool) else str(parameter.default)
    return f"no; `{shown}`"


def _checks(operation: Operation) -> list[str]:
    rows = [
        (str(slot), f"`{check.key}`", _presence(operation, check), check.doc, f"`{text_form(operation, check.text)}`")
        for slot, check in enumerate(operation.checks, 1)
    ]
    note = "Slots count only checks that are present, after the slots of the operands."
    errors = [f"`{check.key}`" for check in operation.checks if check.error]
    if errors:
        note += f" {' and '.join(errors)} {'carries' if len(errors) == 1 else 'carry'} a runtime error."
    return [*_table(("Order", "Check", "Required", "Fires when", "Text"), rows), "", note]


def _presence(operation: Operation, check: CheckDeclaration) -> str:
    if check.implied:
        return "always there"
    if not check.required:
        return "no"
    return "yes" if operation.checks_required else "with `undeterminedIf`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"|{' --- |' * len(head)}", *lines[1:]]


def _index() -> str:
    lines = ["# Operations", "", _GENERATED, ""]
    lines += ["An operation is a mapping with its key as the only one. How values compare: [the language](../language.md).", ""]
    for family in dict.fromkeys(operation.family for operation in OPERATIONS.values()):
        lines += [f"## {family}", "", *_table(("Operation", "Dialects", "Result", "Meaning"), list(_entries(family))), ""]
    return "\n".join(lines)


def _entries(family: str) -> Iterator[tuple[str, str, str, str]]:
    for operation in OPERATIONS.values():
        if operation.family == family:
            dialects = ", ".join(operation.dialects)
            yield f"[{operation.name}]({page_name(operation)}.md)", dialects, _result(operation), operation.doc


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


if __name__ == "__main__":
    write_reference(Path(sys.argv[1]))
