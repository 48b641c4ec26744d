"""A policy repository: its documents, each read once and on demand, and the problems of its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.directories import why_not_a_directory
from perpend.core.diagnostics.model import Diagnostic, Span
from perpend.core.diagnostics.phrases import nearest, shorten
from perpend.core.errors import PerpendError, about
from perpend.core.objects.object_types import FORMER_NAMES, current_name
from perpend.language.syntax import rules, shapes
from perpend.language.syntax.documents import (
    Extracts,
    Folder,
    Logic,
    Policy,
    Section,
    extracts_from,
    logic_from,
    names_from,
    object_type_from,
    policy_from,
    section_from,
)
from perpend.language.syntax.files import MAX_TEST_DATA, MAX_YAML, Files, Tree, UnreadableFile, parents
from perpend.language.syntax.json_positions import JsonPlaces, json_document
from perpend.language.syntax.mapping_tables import ID_MAP, RULE_SECTIONS, MappingTables, read_mapping_tables
from perpend.language.syntax.nodes import node_from_yaml
from perpend.language.syntax.parameter_settings import settings_from, values_from_settings
from perpend.language.syntax.policy_parameters import PolicyParameters
from perpend.language.syntax.read import DocumentReader, Fields, Placed
from perpend.language.syntax.renames import FILE as RENAMES
from perpend.language.syntax.renames import SHAPE as RENAMES_SHAPE
from perpend.language.syntax.renames import Renames, renames_from
from perpend.language.syntax.test_data import MAX_VALUES, TestObject, read_test_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.core.objects.object_types import ObjectType
    from perpend.language.program.parameters import DeclaredParameter, ParameterValue, Value
    from perpend.language.syntax.parameter_settings import ParameterSetting

ROOT = "/"
"""The id of a repository as a whole."""

TOPS = ("ce", "frameworks", "types", "internal")
"""The top directories of a repository."""

TEXTS: Final = ("description.md", "remediation.md")
"""The texts of a policy, in its directory."""

ROOT_MARK: Final = "root.yaml"
"""The file that marks a directory as a repository's root."""

LIBRARY: Final = Path(__file__).parents[2] / "library"
"""The policy repository that ships with Perpend."""

_DESCRIPTORS = {"ce": ("folder.yaml", "policy.yaml"), "frameworks": ("section.yaml",)}
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Build = Callable[[Fields, list[Diagnostic]], T | None]
"""A function that returns the document in a record. Problems go to the list."""


_TYPE_LINE: Final = re.compile(r"^inputType: (\w+__\w+)$", re.ASCII | re.MULTILINE)
_TYPE_WORD: Final = re.compile("inputType|inputObject")


class NotARepository(PerpendError):
    """A directory that is not a policy repository."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T_co]):
    """A document and its problems. ``value`` is None if nothing could be read."""

    value: T_co | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the document has no errors."""
        return self.value is not None and not self.diagnostics


class Repository:
    """A directory in the format of the specification, section 1. IDs are absolute POSIX paths from its root.

    Documents are read on first use and cached. ``fallback`` supplies object types that this repository does not declare.
    ``parameters`` are the values of policies' parameters that a project sets, by policy and name.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        fallback: Repository | None = None,
    ) -> None:
        self.files = Files(Path(root))
        self.fallback = fallback
        self.parameters: Mapping[str, Mapping[str, Value]] = {}
        self._documents: dict[str, Loaded[Any]] = {}
        self._json_places: dict[str, JsonPlaces] = {}
        no_root = None if is_root(Path(root)) else "not a policy repository: it has no `ce`, `frameworks` or `types` directory"
        if wrong := why_not_a_directory(root) or no_root:
            raise about(root, NotARepository(f"{root}: {wrong}"))

    @property
    def is_library(self) -> bool:
        """Whether this is the library that ships with Perpend."""
        return self.fallback is None and self.files.root == LIBRARY

    @cached_property
    def tree(self) -> Tree:
        """All files and directories of the repository."""
        return self.files.tree(TOPS, (ID_MAP, RULE_SECTIONS, RENAMES))

    @cached_property
    def policy_ids(self) -> tuple[str, ...]:
        """The ids of all policies."""
        return self._holders("ce", "policy.yaml")

    @cached_property
    def folder_ids(self) -> tuple[str, ...]:
        """The ids of all folders."""
        return self._holders("ce", "folder.yaml")

    @cached_property
    def section_ids(self) -> tuple[str, ...]:
        """The ids of all sections, frameworks included."""
        return self._holders("frameworks", "section.yaml")

    @cached_property
    def logic_ids(self) -> tuple[str, ...]:
        """The ids of all logic files."""
        return tuple(sorted(f"/{path}" for path in self.tree.files if path.startswith("ce/") and path.endswith(".logic.yaml")))

    @cached_property
    def _logics_of(self) -> dict[str, tuple[str, ...]]:
        return {
            entity: tuple(ids) for entity, ids in groupby(sorted(self.logic_ids, key=posixpath.dirname), key=posixpath.dirname)
        }

    @cached_property
    def extracts_ids(self) -> tuple[str, ...]:
        """The ids of all extract files."""
        return tuple(sorted(f"/{path}" for path in self.tree.files if _is_extracts(path)))

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """API names of all object types that have a directory in this repository."""
        names = {path.split("/")[1] for path in self.tree.files if path.startswith("types/") and path.count("/") >= 2}
        return tuple(sorted(map(current_name, names)))

    def text(self, path: str, *, limit: int = MAX_YAML) -> str:
        """Return a file's text, empty if it does not exist or cannot be read. ``path`` has no leading slash."""
        try:
            return self.read_text(path, limit=limit) if path in self.tree.files else ""
        except UnreadableFile:
            return ""

    def read_text(self, path: str, *, limit: int = MAX_YAML) -> str:
        """Return a file's text; a Markdown file of a policy has values in place of parameters. Raises UnreadableFile."""
        text = self.files.text(path, limit=limit)
        if not path.endswith(".md"):
            return text
        return self.parameters_of(f"/{path.rpartition('/')[0]}").inserted(text, Span(path), [])

    def policy(self, entity: str) -> Loaded[Policy]:
        """Return a policy by its id."""
        return self._document(
            f"{entity}/policy.yaml",
            shapes.POLICY,
            lambda fields, diagnostics: policy_from(
                entity, fields, self._logics_of.get(entity, ()), self.parameters.get(entity, {}), diagnostics
            ),
        )

    def with_parameters(self, parameters: Mapping[str, Mapping[str, Value]]) -> Repository:
        """Return the same repository with other values of policies' parameters, by policy and name.

        A policy with a value that its declaration does not allow is not evaluated. Names that it does not declare do not count.
        """
        other = Repository(self.files.root, fallback=self.fallback)
        other.parameters = parameters
        return other

    def with_settings(self, settings: Iterable[ParameterSetting]) -> Repository:
        """Return the same repository with the values that a project sets. Raises UnusableParameters."""

        def declared(policy_id: str) -> tuple[DeclaredParameter, ...] | None:
            policy = self.policy(policy_id).value
            return policy.parameters if policy is not None else None

        return self.with_parameters(values_from_settings(settings, self.policy_ids, declared))

    def values(self, policy_id: str) -> tuple[ParameterValue, ...]:
        """Return the values in use of a policy's parameters."""
        policy = self.policy(policy_id).value if policy_id in self.policy_ids else None
        return policy.values if policy is not None else ()

    def parameters_of(self, policy_id: str) -> PolicyParameters:
        """Return the parameters of a policy, to insert their values into a file of its directory."""
        return PolicyParameters(lambda: {value.name: value.value for value in self.values(policy_id)}, set())

    def folder(self, entity: str) -> Loaded[Folder]:
        """Return a folder by its id."""
        return self._document(f"{entity}/folder.yaml", shapes.FOLDER, lambda fields, _: Folder(entity, names_from(fields)))

    def section(self, entity: str) -> Loaded[Section]:
        """Return a section by its id."""
        return self._document(f"{entity}/section.yaml", shapes.SECTION, lambda fields, _: section_from(entity, fields))

    def logic(self, entity: str) -> Loaded[Logic]:
        """Return a logic file by its id."""
        if entity not in self._documents:
            try:
                loaded = self._logic_in(entity, self.files.text(entity.lstrip("/"), limit=MAX_YAML))
            except UnreadableFile as error:
                loaded = Loaded(None, (error.diagnostic,))
            self._documents.setdefault(entity, loaded)  # another thread may have read it meanwhile
        return self._documents[entity]

    def read_logic(self, entity: str, text: str) -> Loaded[Logic]:
        """Read a logic file from a text, and return it for its id from now on. No file is read or written.

        Its imports are files of this repository.
        """
        loaded = self._documents[entity] = self._logic_in(entity, text)
        return loaded

    def _logic_in(self, entity: str, text: str) -> Loaded[Logic]:
        policy_id = entity.rpartition("/")[0]
        broken: list[Diagnostic] = []
        used: set[str] = set()

        def values() -> Mapping[str, Value]:
            loaded = self.policy(policy_id) if policy_id in self.policy_ids else Loaded(None)
            broken[:] = [problem for problem in loaded.diagnostics if problem.code == rules.INVALID_PARAMETER.code]
            return {value.name: value.value for value in loaded.value.values} if loaded.value is not None else {}

        def build(fields: Fields, diagnostics: list[Diagnostic]) -> Logic | None:
            if broken:  # the policy is not evaluated with another value than the one that was meant
                diagnostics[:] = broken
                return None
            return logic_from(entity, fields, frozenset(used))

        parameters = PolicyParameters(values, used)
        return _read(text, entity.lstrip("/"), shapes.LOGIC, build, parameters)

    def input_type(self, entity: str) -> str | None:
        """Return the API name of a logic file's input type, None if it has no readable one.

        If one plain line states it, and nothing else in the file could, the rest of the file is not parsed.
        """
        with suppress(UnreadableFile):
            text = "" if entity in self._documents else self.files.text(entity.lstrip("/"), limit=MAX_YAML)
            line = _TYPE_LINE.search(text)
            if line is not None and len(_TYPE_WORD.findall(text)) == 1 and "\\" not in text:
                return current_name(line[1])
        logic = self.logic(entity).value
        return None if logic is None else logic.input_type.value

    def extracts(self, entity: str) -> Loaded[Extracts]:
        """Return a file of extracts by its id."""
        return self._document(entity, shapes.EXTRACTS, lambda fields, _: extracts_from(entity, fields))

    def object_type(self, name: str) -> Loaded[ObjectType]:
        """Return a declared object type, from here or from the fallback. ``value`` is None if it is not declared."""
        path = self._declaring_path(name)
        if path is not None:
            return self._document(f"/{path}", shapes.TYPE, lambda fields, _: object_type_from(f"/types/{name}", fields))
        return self.fallback.object_type(name) if self.fallback else Loaded(None)

    @cached_property
    def renames(self) -> Loaded[Renames]:
        """The former ids of policies, and the retired policies."""
        if not (self.files.root / RENAMES).is_file():
            return Loaded(Renames())
        written = self._document(f"/{RENAMES}", RENAMES_SHAPE, lambda fields, _: fields)
        problems: list[Diagnostic] = []
        renames = renames_from(written.value, self.policy_ids, problems) if written.value is not None else Renames()
        return Loaded(renames, (*written.diagnostics, *problems))

    @cached_property
    def catalogue(self) -> Loaded[dict[str, CataloguedType]]:
        """The object types in this repository's catalogues, by API name. A type's own catalogue overrides the common one."""
        types, diagnostics = dict(self._catalogue_of_all.value or {}), list(self._catalogue_of_all.diagnostics)
        for name in self.type_names:
            if f"types/{name}/type.json" in self.tree.files:
                types.update(catalogue_of(self.files, f"types/{name}/type.json", diagnostics, name=name))
        return Loaded(types, tuple(diagnostics))

    @cached_property
    def _catalogue_of_all(self) -> Loaded[Mapping[str, CataloguedType]]:
        diagnostics: list[Diagnostic] = []
        types = catalogue_of(self.files, ALL_TYPES, diagnostics) if ALL_TYPES in self.tree.files else {}
        return Loaded(types, tuple(diagnostics))

    @property
    def lists_all_types(self) -> bool:
        """Whether a catalogue lists all existing types. A catalogue without types does not."""
        return bool(self._catalogue_of_all.value)

    @cached_property
    def known_types(self) -> frozenset[str]:
        """API names of the types with a directory or an entry in a catalogue, here or in the fallback."""
        beyond = self.fallback.known_types if self.fallback else frozenset()
        return beyond | frozenset(self.type_names) | frozenset(self.catalogue.value or ())

    def declared_type(self, name: str) -> ObjectType | None:
        """Return an object type's declaration, None if there is no usable one."""
        return self.object_type(current_name(name)).value

    def rule(self, path: str) -> Loaded[Fields]:
        """Return an internal rule by the path of its file."""
        return self._document(path, shapes.RULE, lambda fields, _: fields)

    def mapping_tables(self) -> Loaded[MappingTables]:
        """Return the tables that map internal rules to sections."""
        if ROOT not in self._documents:
            diagnostics: list[Diagnostic] = []
            tables = read_mapping_tables(self.files, diagnostics)
            self._documents[ROOT] = Loaded(tables, tuple(diagnostics))
        return self._documents[ROOT]

    def test_objects(self, logic: Logic) -> Loaded[list[TestObject]]:
        """Return the test objects of a logic file's data files, in order."""
        objects: list[TestObject] = []
        diagnostics: list[Diagnostic] = []
        for reference in logic.test_data:
            path = self.referred(reference, logic.id, diagnostics)
            if path is not None:
                loaded = self._test_file(path)
                objects += loaded.value or []
                diagnostics += loaded.diagnostics
        return Loaded(objects, tuple(diagnostics))

    def test_place(self, test: TestObject, *keys: str) -> Span:
        """Return the place of a test object in a data file, or of a key in it: ``"expectedResult", "status"``."""
        if test.path not in self._json_places:
            self._json_places[test.path] = JsonPlaces(self.files.text(test.path, limit=MAX_TEST_DATA), test.path)
        return self._json_places[test.path].entry(test.number, *keys)

    def referred(self, reference: Placed, document: str, diagnostics: list[Diagnostic]) -> str | None:
        """Return the path of a referenced file, None (and a diagnostic) if it does not exist."""
        try:
            path = self.files.resolve(reference.value, base=posixpath.dirname(document.lstrip("/")), span=reference.span)
        except UnreadableFile as error:
            diagnostics.append(error.diagnostic)
            return None
        if path not in self.tree.files:
            diagnostics.append(self._missing_file(path, reference.span))
            return None
        return path

    def imported(self, reference: Placed, document: str, diagnostics: list[Diagnostic]) -> str | None:
        """Return the id of an imported file of extracts, None (and a diagnostic) if it does not exist."""
        path = self.referred(reference, document, diagnostics)
        if path is None:
            return None
        if not _is_extracts(path):
            diagnostics.append(rules.NOT_EXTRACTS.at(reference.span, f"`/{shorten(path)}` is not a file of extracts"))
            return None
        return f"/{path}"

    def diagnostics(self) -> list[Diagnostic]:
        """Read all files and return their problems."""
        diagnostics = [*self.tree.diagnostics, *self._missing_descriptors(), *self.mapping_tables().diagnostics]
        diagnostics += [*self.catalogue.diagnostics, *self.renames.diagnostics]
        documents: Iterable[Loaded[object]] = (
            *map(self.policy, self.policy_ids),
            *map(self.folder, self.folder_ids),
            *map(self.section, self.section_ids),
            *map(self.extracts, self.extracts_ids),
            *(self.object_type(name) for name in self.type_names if self._declaring_path(name)),
            *map(self.rule, sorted(f"/{path}" for path in self.tree.files if _is_rule(path))),
        )
        for document in documents:
            diagnostics += document.diagnostics
        for policy_id in self.policy_ids:
            diagnostics += self._unknown_parameters(policy_id)
        for entity in self.logic_ids:
            logic = self.logic(entity)
            diagnostics += [problem for problem in logic.diagnostics if problem.span.path == entity.lstrip("/")]
            if logic.value is not None:
                diagnostics += self.test_objects(logic.value).diagnostics
        return diagnostics

    def _unknown_parameters(self, policy_id: str) -> list[Diagnostic]:
        """Return the problems of names in double braces in the texts of a policy with parameters."""
        diagnostics: list[Diagnostic] = []
        parameters = self.parameters_of(policy_id)
        paths = [f"{policy_id[1:]}/{name}" for name in TEXTS] if self.values(policy_id) else []
        for path in filter(self.tree.files.__contains__, paths):
            with suppress(UnreadableFile):
                for number, line in enumerate(self.files.text(path, limit=MAX_YAML).split("\n"), 1):
                    parameters.inserted(line, Span(path, number, 1, number, len(line) + 1), diagnostics)
        return diagnostics

    def declares_type(self, name: str) -> bool:
        """Whether this repository itself declares an object type, not only the fallback."""
        return self._declaring_path(name) is not None

    def _declaring_path(self, name: str) -> str | None:
        """Return the path of the file here that declares a type under its current or a former name."""
        names = (name, *(former for former, current in FORMER_NAMES.items() if current == name))
        return next((path for name in names if (path := f"types/{name}/type.yaml") in self.tree.files), None)

    def _missing_file(self, path: str, span: Span) -> Diagnostic:
        """Return the problem of a reference to a missing file. It names the topmost missing directory, or the file."""
        if path in self.tree.directories or path == ".":
            return rules.MISSING_FILE.at(span, f"`/{path.lstrip('.')}` is a directory, not a file")
        above = [path, *parents(path)]
        absent = next((directory for directory in reversed(above) if directory not in self.tree.directories), path)
        what = "file" if absent == path else "directory"
        directory = path.rpartition("/")[0]
        near = [f"/{file}" for file in self.tree.files if file.rpartition("/")[0] == directory] if what == "file" else []
        hint = nearest(f"/{path}", near, ())
        return rules.MISSING_FILE.at(span, f"there is no {what} `/{shorten(absent)}`", help=hint)

    def _holders(self, top: str, descriptor: str) -> tuple[str, ...]:
        end = f"/{descriptor}"
        return tuple(
            sorted(f"/{path[: -len(end)]}" for path in self.tree.files if path.startswith(f"{top}/") and path.endswith(end))
        )

    def _missing_descriptors(self) -> list[Diagnostic]:
        diagnostics = []
        for directory in sorted(self.tree.directories):
            wanted = _DESCRIPTORS.get(directory.split("/")[0])
            if wanted is None or directory in _DESCRIPTORS:
                continue
            present = [name for name in wanted if f"{directory}/{name}" in self.tree.files]
            if not present:
                message = f"`/{directory}` has no {' or '.join(f'`{name}`' for name in wanted)}"
                diagnostics.append(rules.MISSING_DESCRIPTOR.at(Span(directory), message))
            elif len(present) > 1:
                span = Span(f"{directory}/{present[1]}")
                diagnostics.append(rules.TWO_DESCRIPTORS.at(span, f"`/{directory}` is both a folder and a policy"))
        for entity in self.logic_ids:
            directory = entity.rpartition("/")[0]
            if directory not in self.policy_ids and f"{directory[1:]}/folder.yaml" in self.tree.files:
                message = f"`{directory}` has logic, but no `policy.yaml`"
                diagnostics.append(rules.MISSING_DESCRIPTOR.at(Span(entity[1:]), message))
        return diagnostics

    def _document(self, entity: str, shape: shapes.Record, build: Build[T]) -> Loaded[T]:
        if entity not in self._documents:
            path = entity.lstrip("/")
            try:
                loaded = _read(self.files.text(path, limit=MAX_YAML), path, shape, build)
            except UnreadableFile as error:
                loaded = Loaded(None, (error.diagnostic,))
            self._documents.setdefault(entity, loaded)  # another thread may have read it meanwhile
        return self._documents[entity]

    def _test_file(self, path: str) -> Loaded[list[TestObject]]:
        if path not in self._documents:
            diagnostics: list[Diagnostic] = []
            objects: list[TestObject] = []
            try:
                objects = read_test_objects(self.files.text(path, limit=MAX_TEST_DATA), path, diagnostics)
            except UnreadableFile as error:
                diagnostics.append(error.diagnostic)
            self._documents[path] = Loaded(objects, tuple(diagnostics))
        return self._documents[path]


def _read(text: str, path: str, shape: shapes.Record, build: Build[T], parameters: PolicyParameters | None = None) -> Loaded[T]:
    diagnostics: list[Diagnostic] = []
    node = node_from_yaml(text, path, diagnostics)
    fields = DocumentReader(diagnostics, parameters).record(node, shape) if node is not None else None
    value = build(fields, diagnostics) if fields is not None else None
    return Loaded(value, tuple(diagnostics))


def is_root(directory: Path) -> bool:
    """Whether a directory is a repository's root, by its marker file or its content."""
    return (directory / ROOT_MARK).is_file() or any((directory / top).is_dir() for top in TOPS)


def _is_extracts(path: str) -> bool:
    return path.startswith("types/") and path.count("/") == 2 and path.endswith(".extracts.yaml")


def _is_rule(path: str) -> bool:
    return path.startswith("internal/rules/") and path.endswith(".yaml")


def open_repository(
    directory: str | Path | None = None, *, parameters: Mapping[str, Mapping[str, object]] | None = None
) -> Repository:
    """Return the repository in a directory, with the library's object types as fallback; the library itself for None.

    ``parameters`` are values of policies' parameters, by the policy's id and the parameter's name; others have their defaults.
    Raises NotARepository if the directory is not a repository, and UnusableParameters.
    """
    repository = library() if directory is None else Repository(directory, fallback=library())
    return repository.with_settings(settings_from(parameters)) if parameters else repository


def library() -> Repository:
    """Return the policies and object types that ship with Perpend."""
    return Repository(LIBRARY)


ALL_TYPES: Final = "types/types.json"
"""The catalogue of all types of a repository. If it has any, a type that it lacks does not exist."""


@dataclass(frozen=True, slots=True)
class CataloguedType:
    """The fields and lookups of a type by API name. Catalogues have no child lists.

    A custom field may be the key of a lookup with the same name, so ``lookups`` may hold more than exist. ``whole``: there are
    fields and all of them have names; only then is a name that is missing here wrong.
    """

    label: str
    fields: frozenset[str]
    lookups: frozenset[str]
    whole: bool


def catalogue_of(files: Files, path: str, diagnostics: list[Diagnostic], *, name: str = "") -> Mapping[str, CataloguedType]:
    """Return the types in a file. ``name`` is the type of the file's directory, if any.

    Invalid JSON becomes a diagnostic. Entries without a name are skipped; an entry without fields only makes its type known.
    """
    try:
        text = files.text(path, limit=MAX_TEST_DATA)
        if sum(map(text.count, ",[{")) > MAX_VALUES:
            diagnostics.append(rules.TOO_MANY_VALUES.at(Span(path), f"the file holds more than {MAX_VALUES:,} values"))
            return {}
        return dict(_types(json_document(text, path), name))
    except UnreadableFile as error:
        diagnostics.append(error.diagnostic)
        return {}


def _types(document: Any, name: str) -> Iterator[tuple[str, CataloguedType]]:
    entries = document.get("types", [document]) if isinstance(document, dict) else document
    for entry in entries if isinstance(entries, list) else ():
        called = (name or entry.get("apiName")) if isinstance(entry, dict) else None
        if isinstance(called, str) and called:
            yield called, _catalogued(called, entry)


def _catalogued(called: str, entry: Mapping[str, Any]) -> CataloguedType:
    fields, label = entry.get("fields"), entry.get("label")
    listed = fields if isinstance(fields, list) else []
    names = _texts(listed, "apiName")
    lookups = {one.removesuffix("__r") for one in _texts(listed, "relationshipName")}
    lookups |= {one.removesuffix("__c") for one in names if one.endswith("__c")}
    known = frozenset(f"{one}__r" for one in lookups)
    whole = bool(listed) and all(_texts([field], "apiName") for field in listed)
    return CataloguedType(label if isinstance(label, str) else called, frozenset(names), known, whole)


def _texts(fields: list[Any], key: str) -> set[str]:
    texts = (field.get(key) for field in fields if isinstance(field, dict))
    return {text for text in texts if isinstance(text, str) and text}
