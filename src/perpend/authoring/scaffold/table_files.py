"""Make the files of the policies in a table: policy, logic, test data, texts to fill in, and ratings.

Logic and test data follow from the table. The other files are written once and belong to their author.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.scaffold import table_texts as texts
from perpend.authoring.scaffold.edits import Edit, EditedFile, edited
from perpend.authoring.scaffold.entities import nested_value, new_folders, with_own_schema
from perpend.authoring.scaffold.expectations import fill_blanks
from perpend.authoring.scaffold.table import Guard, NamedEntry, Row, Scalar, read_table
from perpend.authoring.scaffold.table_shape import UNUSABLE
from perpend.authoring.scaffold.templates import test_data_text
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.object_types import ObjectType
from perpend.core.values.types import ValueType
from perpend.findings.severity.read import FOLDER as RATINGS
from perpend.findings.severity.read import ratings_below
from perpend.findings.waivers.entries import matching_policies
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.files import MAX_TEST_DATA, Files, UnreadableFile
from perpend.language.syntax.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from perpend.core.diagnostics.model import Diagnostic

TABLES: Final = "tables"
"""The directory of a repository for its tables."""

LOGIC: Final = "prod.logic.yaml"
DATA: Final = "test-data.json"
_UNLISTED: Final = "a value that is not listed"
_GONE: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """The files of a table's policies.

    ``files`` are new, ``kept`` exist with other content, ``edits`` adds ratings to an existing file. If there are
    ``diagnostics``, nothing may be written.
    """

    policies: tuple[str, ...]
    files: Mapping[str, str]
    kept: tuple[str, ...]
    edits: tuple[EditedFile, ...]
    diagnostics: tuple[Diagnostic, ...]


def policies_from_table(path: Path, repository: Repository) -> PolicyFiles:
    """Return the files of the policies in a table for a repository. Nothing is written."""
    table = read_table(path, repository)
    diagnostics = list(table.diagnostics)
    if diagnostics:
        return PolicyFiles((), {}, (), (), tuple(diagnostics))
    derived = derived_files(table.rows, repository, diagnostics)
    files: dict[str, str] = {}
    kept: list[str] = []
    for row in table.rows:
        folder = row.id[1:]
        own = {f"{folder}/{name}": derived[f"{folder}/{name}"] for name in (LOGIC, DATA) if f"{folder}/{name}" in derived}
        for file, text in {**new_folders(row.id, repository), **_written_once(row, repository), **own}.items():
            there = _existing(file, repository)
            if there is None:
                files[file] = text
            elif there != text and file in own:
                message = f"`{shorten(file)}` is there and differs from this entry"
                help = "delete it to write it again, or take the entry out of the table"
                diagnostics.append(UNUSABLE.at(row.span, message, help=help))
            elif there != text:
                kept.append(file)
    new_ratings, edits = _ratings(path.stem, table.rows, repository, diagnostics)
    return PolicyFiles(tuple(row.id for row in table.rows), {**files, **new_ratings}, tuple(kept), edits, tuple(diagnostics))


def derived_files(rows: Sequence[Row], repository: Repository, diagnostics: list[Diagnostic]) -> dict[str, str]:
    """Return logic and test data of entries by path. An entry whose logic contradicts it becomes a diagnostic."""
    files: dict[str, str] = {}
    by_data: dict[str, Row] = {}
    for row in rows:
        logic, data = f"{row.id[1:]}/{LOGIC}", f"{row.id[1:]}/{DATA}"
        files[logic] = with_own_schema(logic, texts.logic_text(row), repository)
        files[data] = test_data_text([*_objects(row, repository)])
        by_data[data] = row
    with scratch() as directory:
        root = directory / "repository"
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8", newline="\n")
        (root / "ce").mkdir(parents=True, exist_ok=True)
        filled = fill_blanks(Analyzer(Repository(root, fallback=repository)), [f"{row.id}/{LOGIC}" for row in rows])
    for file in filled:
        for name, reason in file.unfilled:
            message = f"the test object `{name}` contradicts the logic: {reason}"
            diagnostics.append(UNUSABLE.at(by_data[file.path].span, message))
        files[file.path] = file.after
    return files


def _written_once(row: Row, repository: Repository) -> dict[str, str]:
    folder = row.id[1:]
    policy = with_own_schema(f"{folder}/policy.yaml", texts.policy_text(row), repository)
    return {
        f"{folder}/policy.yaml": policy,
        f"{folder}/description.md": texts.description_text(row, lambda name: _type(name, repository)),
        f"{folder}/remediation.md": texts.remediation_text(row),
    }


def _type(name: str, repository: Repository) -> ObjectType:
    return repository.declared_type(name) or ObjectType(name)


def _existing(path: str, repository: Repository) -> str | None:
    """Return the text of a file, None if it does not exist, an empty text if it cannot be read."""
    if not os.path.lexists(repository.files.root / path):
        return None
    try:
        return repository.files.text(path, limit=MAX_TEST_DATA)
    except UnreadableFile:
        return ""


def _objects(row: Row, repository: Repository) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield test objects: name, status, fields. Each listed value has one, and so has each way to be unknown."""

    def fields(value: Scalar | None, guards: Sequence[Scalar | None], *, gone: bool = False) -> dict[str, Any]:
        content = value if row.entry is None or value is None else _array({"name": row.entry.name, "value": str(value)})
        values = [nested_value(row.type, row.field.path, content, repository)]
        for guard, known in zip(row.guards, guards, strict=True):
            values.append(nested_value(row.type, guard.field.path, known, repository))
        deletion = row.type.deletion_field
        return _merged([*([{deletion: _GONE if gone else None}] if deletion else []), *values])

    inside = [_value_inside(guard, row.entry) for guard in row.guards]
    for status, values in (("COMPLIANT", row.passes), ("INCOMPLIANT", row.fails)):
        word = "passes" if status == "COMPLIANT" else "fails"
        yield from ((f"{word}-{number}", status, fields(value, inside)) for number, value in enumerate(values, 1))
    if row.undetermined:
        yield "not-known", "UNDETERMINED", fields(None, inside)
    if row.undetermined and isinstance(row.passes[0], str) and row.form == "one-of":
        yield "not-listed", "UNDETERMINED", fields(_UNLISTED, inside)
    if row.entry is not None:
        for name, status, more in _entry_objects(row, row.entry, repository):
            yield name, status, _merged([fields(row.fails[0], inside), more])
    for place, guard in enumerate(row.guards):
        before, after = inside[:place], inside[place + 1 :]
        others = [f"{other}1" for other in guard.others] if guard.prefixes else guard.others
        for number, value in enumerate(guard.values[1:], 2):
            known = f"{value}1" if guard.prefixes else value
            yield f"guard-{place + 1}-value-{number}", "INCOMPLIANT", fields(row.fails[0], [*before, known, *after])
        if guard.prefixes:
            for number, value in enumerate((*guard.values, *guard.others), 1):
                for word, near in (("cut", str(value)[:-1]), ("inside", f"x{value}1")):
                    near_name = f"guard-{place + 1}-prefix-{number}-{word}"
                    yield near_name, "UNDETERMINED", fields(row.fails[0], [*before, near, *after])
        for number, value in enumerate(others, 1):
            yield f"guard-{place + 1}-other-{number}", "INAPPLICABLE", fields(row.fails[0], [*before, value, *after])
        if guard.closed:
            yield f"guard-{place + 1}-not-listed", "UNDETERMINED", fields(row.fails[0], [*before, _UNLISTED, *after])
        if after:
            nothing = [None] * len(after)
            yield f"guard-{place + 1}-alone", "INAPPLICABLE", fields(row.fails[0], [*before, others[0], *nothing])
        yield f"guard-{place + 1}-not-known", "UNDETERMINED", fields(row.fails[0], [*before, None, *after])
    if row.type.deletion_field:
        yield "disappeared", "DISAPPEARED", fields(row.fails[0], inside, gone=True)


def _value_inside(guard: Guard, entry: NamedEntry | None) -> Scalar:
    """Return a value of an object that a policy is about, one with a default if the default depends on the field."""
    if not guard.prefixes:
        return guard.values[0]
    if entry is not None and entry.default_by == guard.field:
        return (*entry.default_passes, *entry.default_fails)[0]
    return f"{guard.values[0]}1"


def _entry_objects(row: Row, entry: NamedEntry, repository: Repository) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield test objects of an entry of a JSON array: name, status, and fields unlike those of an object that fails."""

    def array(text: str) -> dict[str, Any]:
        return nested_value(row.type, row.field.path, text, repository)

    set_entry, another = {"name": entry.name, "value": str(row.passes[0])}, {"name": "another", "value": str(row.fails[0])}
    yield "beside-another", "COMPLIANT", array(_array(another, set_entry))
    yield "without-value", "UNDETERMINED", array(_array({"name": entry.name}))
    yield "without-name", "UNDETERMINED", array(_array(another, {"value": str(row.passes[0])}))
    yield "not-a-list", "UNDETERMINED", array(json.dumps(set_entry))
    yield "not-valid", "UNDETERMINED", array("[")
    odd = ["1"] if row.field.type is ValueType.TEXT else "many"
    yield "value-of-another-form", "UNDETERMINED", array(json.dumps([{"name": entry.name, "value": odd}]))
    for status, word, values in (
        ("COMPLIANT", "passes", entry.default_passes),
        ("INCOMPLIANT", "fails", entry.default_fails),
    ):
        for number, value in enumerate(values, 1):
            by = nested_value(row.type, entry.default_by.path, value, repository)
            yield f"unset-{word}-{number}", status, _merged([array(_array(another)), by])
    same = next((guard for guard in row.guards if guard.field == entry.default_by and guard.prefixes), None)
    unlisted = _UNLISTED if same is None else f"{same.values[0]}1"
    by = nested_value(row.type, entry.default_by.path, unlisted, repository)
    yield "unset-not-listed", "UNDETERMINED", _merged([array(_array()), by])


def _array(*entries: Mapping[str, str]) -> str:
    return json.dumps(list(entries))


def _merged(objects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields of several objects as one, inside lookups, too."""
    merged: dict[str, Any] = {}
    for fields in objects:
        for name, value in fields.items():
            before = merged.get(name)
            if isinstance(before, Mapping) and isinstance(value, Mapping):
                merged[name] = _merged([before, value])
            else:
                merged[name] = value
    return merged


def _ratings(
    stem: str, rows: Sequence[Row], repository: Repository, diagnostics: list[Diagnostic]
) -> tuple[dict[str, str], tuple[EditedFile, ...]]:
    """Return the file of ratings of a table, new or with more entries. Policies that are rated already are left out."""
    there = ratings_below(repository.files, RATINGS)
    ids = [row.id for row in rows]
    rated = {policy for rating in there.ratings for policy in matching_policies(rating.policies, ids)}
    more = "".join(texts.rating_text(row) for row in rows if row.id not in rated)
    path = f"{RATINGS}/{stem}.yaml"
    before = _existing(path, repository)
    if not more:
        return {}, ()
    if before is None:
        return {path: with_own_schema(path, f"ratings:\n{more}", repository)}, ()
    file = EditedFile(path, before, (Edit(len(before), len(before), more if before.endswith("\n") else f"\n{more}"),))
    with scratch() as directory:
        (directory / "new.yaml").write_text(edited(before, file.edits), "utf-8", newline="\n")
        after = ratings_below(Files(directory), "")
    named = {policy for rating in after.ratings for policy in matching_policies(rating.policies, ids)}
    if after.diagnostics or not {row.id for row in rows if row.severity is not None and row.id not in rated} <= named:
        message = f"`{shorten(path)}` does not end with its ratings: the severity cannot be added"
        diagnostics.append(UNUSABLE.at(rows[0].span, message, help="add the severities there by hand"))
    return {}, (file,)
