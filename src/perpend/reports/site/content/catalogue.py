"""The pages of object types, their extracts files, and test data."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from perpend.authoring.testing.executions import Execution, blocks_of
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import counted
from perpend.core.objects.ids import type_of_extracts
from perpend.core.objects.object_types import with_api_name
from perpend.language.compiler.verdicts import checks_of
from perpend.language.program.render import check_text, expression_text
from perpend.language.program.required_columns import reads_of
from perpend.language.syntax.files import MAX_TEST_DATA
from perpend.reports.site.content.links import TYPES, PageKind, Ref
from perpend.reports.site.content.logic import problem_from
from perpend.reports.site.content.page import Head, Problem
from perpend.reports.site.content.reads import extracts_of

if TYPE_CHECKING:
    from perpend.core.objects.object_types import ObjectType
    from perpend.reports.site.content.site_model import SiteModel

_LONGEST_OBJECT = 20_000


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of an object type, and the number of logic files that read it. ``type`` is empty if no file declares it."""

    name: str
    type: str
    label: str
    description: str
    readers: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of an object type: its ``way`` is ``lookup`` to one object, ``children`` to a list, ``from`` elsewhere."""

    way: str
    name: str
    type: Ref
    key: str


@dataclass(frozen=True, slots=True)
class TypePage:
    """The page of an object type."""

    head: Head
    label: str
    api_name: str
    description: str
    deletion_field: str
    fields: tuple[FieldRow, ...]
    relations: tuple[Relation, ...]
    extracts: tuple[tuple[Ref, tuple[str, ...]], ...]
    logics: tuple[tuple[Ref, Ref], ...]
    related_logics: tuple[tuple[Ref, Ref], ...]


@dataclass(frozen=True, slots=True)
class TypesPage:
    """The list of all object types: type, number of fields, of extracts, of logic files."""

    head: Head
    rows: tuple[tuple[Ref, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class ExtractRow:
    """An extract: its name, its text, its type, its checks, its line, and the logic files that use it."""

    name: str
    text: str
    type: str
    checks: tuple[tuple[str, str], ...]
    line: int
    users: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class ExtractsPage:
    """The page of an extracts file."""

    head: Head
    type: Ref
    rows: tuple[ExtractRow, ...]
    source: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class DataRow:
    """An object of a file of test data, and its result in each logic file that uses the file."""

    number: int
    id: str
    text: str
    outcomes: tuple[tuple[Ref, Execution], ...]


@dataclass(frozen=True, slots=True)
class DataPage:
    """The page of a file of test data."""

    head: Head
    path: str
    rows: tuple[DataRow, ...]
    problems: tuple[Problem, ...]


class Catalogue:
    """Types and extracts with their uses, computed once for the whole repository."""

    def __init__(self, site_model: SiteModel) -> None:
        self.site_model = site_model

    @cached_property
    def uses(self) -> dict[tuple[str, str], list[str]]:
        """The logic files that use each extract, by file id and name."""
        by_extract: dict[tuple[str, str], list[str]] = {}
        for logic_id in self.site_model.repository.logic_ids:
            program = self.site_model.analyzer.analyzed(logic_id).program
            for extract in extracts_of(program) if program else ():
                by_extract.setdefault(extract, []).append(logic_id)
        return by_extract

    @cached_property
    def readers(self) -> dict[str, dict[str, set[str]]]:
        """The logic files that read each field of each type, also through lookups."""
        by_type: dict[str, dict[str, set[str]]] = {}
        for logic_id in self.site_model.repository.logic_ids:
            program = self.site_model.analyzer.analyzed(logic_id).program
            for block in blocks_of(program.block) if program else ():
                for read in reads_of(block):
                    self._note(by_type, block.type, read.path, logic_id)
        return by_type

    def _note(self, by_type: dict[str, dict[str, set[str]]], object_type: ObjectType, path: str, logic_id: str) -> None:
        *lookups, name = path.split(".")
        reached = self.site_model.analyzer.reached(object_type, lookups)
        by_type.setdefault(reached.name, {}).setdefault(name, set()).add(logic_id)

    @cached_property
    def in_related_lists(self) -> dict[str, list[str]]:
        """The logic files with a related list of a type, by the type's name."""
        by_type: dict[str, dict[str, None]] = {}
        for logic_id in self.site_model.repository.logic_ids:
            program = self.site_model.analyzer.analyzed(logic_id).program
            for block in tuple(blocks_of(program.block))[1:] if program else ():
                by_type.setdefault(block.type.name, {})[logic_id] = None
        return {name: list(ids) for name, ids in by_type.items()}

    @cached_property
    def pointing(self) -> dict[str, list[Relation]]:
        """The relationships of other types that lead to each type."""
        by_target: dict[str, list[Relation]] = {}
        for name in sorted(self.site_model.type_names):
            for lookup in self.site_model.analyzer.object_type(name).lookups.values():
                if lookup.target != name:
                    by_target.setdefault(lookup.target, []).append(
                        Relation("from", lookup.name, self.site_model.type_ref(name), lookup.key)
                    )
        return by_target

    def index(self) -> TypesPage:
        """Return the page that lists all object types."""
        rows = []
        for name in sorted(self.site_model.type_names, key=lambda name: (self.site_model.type_ref(name).name.casefold(), name)):
            files = self._files(name)
            extracts = sum(len(self.site_model.analyzer.names(entity)) for entity in files)
            fields = len(self._fields(name))
            rows.append((self.site_model.type_ref(name), fields, extracts, len(self.site_model.input_types.get(name, ()))))
        head = Head(
            TYPES,
            f"{len(rows)} object types: their fields, extracts, and the logic for them.",
            (),
            (("kind", "index"),),
        )
        return TypesPage(head, tuple(rows))

    def page(self, name: str) -> TypePage:
        """Return the page of an object type."""
        site_model, ref = self.site_model, self.site_model.type_ref(name)
        declared = site_model.analyzer.object_type(name)
        relations = [
            Relation("lookup", one.name, site_model.type_ref(one.target), one.key) for one in declared.lookups.values()
        ]
        relations += [
            Relation("children", child.name, site_model.type_ref(child.type_name), child.key)
            for child in declared.children.values()
        ]
        files = tuple((site_model.extracts_ref(entity), self._names(entity)) for entity in self._files(name))
        logics = site_model.input_types.get(name, ())
        users = counted(len(logics), "logic file for it", "logic files for it")
        description = f"{with_api_name(ref.name, name)}: fields, extracts, relationships, and {users}."
        return TypePage(
            Head(ref, description, (TYPES,), (("kind", PageKind.TYPE.value), ("type", ref.name)), (name,)),
            ref.name,
            name,
            declared.description,
            declared.deletion_field or "",
            self._fields(name),
            (*relations, *self.pointing.get(name, ())),
            files,
            tuple(map(self._with_policy, logics)),
            tuple(map(self._with_policy, self.in_related_lists.get(name, ()))),
        )

    def extracts(self, entity: str) -> ExtractsPage:
        """Return the page of an extracts file."""
        site_model, ref = self.site_model, self.site_model.extracts_ref(entity)
        object_type = site_model.type_ref(type_of_extracts(entity))
        rows = []
        for name, written in site_model.analyzer.names(entity).items():
            body = site_model.analyzer.extract(entity, name)
            checks = (
                [(check_text(part, check, prefix=prefix), check.message) for _, part, check, prefix in checks_of(body)]
                if body
                else []
            )
            users = tuple(site_model.policy_ref(logic.rpartition("/")[0]) for logic in self.uses.get((entity, name), ()))
            text = expression_text(body) if body else ""
            rows.append(ExtractRow(name, text, body.type.value if body else "", tuple(checks), written.span.line, users))
        rows.sort(key=lambda row: row.line)
        problems = (*site_model.repository.extracts(entity).diagnostics, *site_model.analyzer.extract_diagnostics(entity))
        description = f"{counted(len(rows), 'extract')} of {object_type.name}: named values, how they are read, what uses them."
        head = Head(
            ref, description, (TYPES, object_type), (("kind", PageKind.EXTRACTS.value),), tuple(row.name for row in rows)
        )
        return ExtractsPage(
            head,
            object_type,
            tuple(rows),
            site_model.text(entity[1:]),
            tuple(problem_from(site_model, problem) for problem in problems),
        )

    def data_paths(self) -> dict[str, tuple[str, ...]]:
        """Return the logic files that use each file of test data, by its path."""
        by_path: dict[str, list[str]] = {}
        for logic_id in self.site_model.repository.logic_ids:
            logic = self.site_model.repository.logic(logic_id).value
            for reference in logic.test_data if logic else ():
                path = self.site_model.repository.referred(reference, logic_id, [])
                if path is not None:
                    by_path.setdefault(path, []).append(logic_id)
        return {path: tuple(dict.fromkeys(ids)) for path, ids in by_path.items()}

    def data(self, path: str, logic_ids: tuple[str, ...]) -> DataPage:
        """Return the page of a file of test data."""
        site_model = self.site_model
        outcomes: dict[int, list[tuple[Ref, Execution]]] = {}
        for logic_id in logic_ids:
            for execution in site_model.executions_of(logic_id).outcomes:
                if execution.path == path:
                    outcomes.setdefault(execution.number, []).append((site_model.logic_ref(logic_id), execution))
        policy = site_model.policy_ref(logic_ids[0].rpartition("/")[0])
        rows, problems = self._objects(path, logic_ids, outcomes)
        description = f"Test objects of {policy.name}, each with the result that is expected and the one that comes."
        head = Head(site_model.data_ref(path), description, (policy,), (("kind", PageKind.TEST_DATA.value),))
        return DataPage(head, path, rows, problems)

    def _objects(
        self, path: str, logic_ids: tuple[str, ...], outcomes: dict[int, list[tuple[Ref, Execution]]]
    ) -> tuple[tuple[DataRow, ...], tuple[Problem, ...]]:
        problems = {
            one: None
            for logic_id in logic_ids
            for one in self.site_model.executions_of(logic_id).problems
            if one.span.path == path
        }
        try:
            entries = json.loads(self.site_model.text(path, limit=MAX_TEST_DATA) or "[]")
        except (ValueError, RecursionError):
            entries = []
        rows = []
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            text = json.dumps(entry, ensure_ascii=False, indent=2)
            shown = text if len(text) <= _LONGEST_OBJECT else f"{text[:_LONGEST_OBJECT]}\n…"
            identity = str(entry.get("Id", f"object {number + 1}")) if isinstance(entry, dict) else f"object {number + 1}"
            rows.append(DataRow(number + 1, identity, shown, tuple(outcomes.get(number, ()))))
        return tuple(rows), tuple(problem_from(self.site_model, problem) for problem in problems)

    def _fields(self, name: str) -> tuple[FieldRow, ...]:
        declared = self.site_model.analyzer.object_type(name).fields
        readers = self.readers.get(name, {})
        rows = [
            FieldRow(one.name, one.kind, one.label, one.description, len(readers.get(one.name, ())))
            for one in declared.values()
        ]
        rows += [FieldRow(field, "", "", "", len(users)) for field, users in sorted(readers.items()) if field not in declared]
        return tuple(rows)

    def _names(self, entity: str) -> tuple[str, ...]:
        document = self.site_model.repository.extracts(entity).value
        return tuple(dict.fromkeys(extract.name for extract in document.extracts)) if document else ()

    def _files(self, name: str) -> tuple[str, ...]:
        return tuple(entity for entity in self.site_model.repository.extracts_ids if entity.startswith(f"/types/{name}/"))

    def _with_policy(self, logic_id: str) -> tuple[Ref, Ref]:
        return self.site_model.policy_ref(logic_id.rpartition("/")[0]), self.site_model.logic_ref(logic_id)
