"""Make the files of a new repository, policy with tests, type, extracts file, section or waiver.

The tests of a policy expect the results of its logic. This module writes nothing into the repository.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.authoring.scaffold import templates
from perpend.authoring.scaffold.expectations import fill_blanks
from perpend.authoring.scaffold.ids import (
    UnusableId,
    field_named,
    folders_above,
    near_folder,
    new_api_name,
    new_policy_id,
    new_section_id,
    path_kind,
)
from perpend.authoring.scaffold.starts import DEFAULT_KEY, JSON, KEYS, Start, field_to_ask_about, start_of
from perpend.authoring.scaffold.writing import NotWritten
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import suggestion
from perpend.core.objects.object_types import ObjectType, deletion_field_of, reached
from perpend.core.objects.status import Status
from perpend.findings.waivers.read import FOLDER as WAIVERS
from perpend.findings.waivers.read import ID as WAIVER_ID
from perpend.findings.waivers.read import waivers_below, waivers_of
from perpend.inventory.readers.credential_report import COLUMNS, LATER_COLUMNS
from perpend.inventory.snapshots.temporary_store import scratch
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import find_type, find_types, match_ids, printable
from perpend.language.syntax.files import MAX_YAML, Files
from perpend.language.syntax.repository import ROOT_MARK, Repository
from perpend.language.syntax.schema import schema_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

SCHEMAS: Final = "schema"
"""The directory of a repository with the JSON Schemas that first lines of files name."""

_KEY: Final = re.compile(r"[^\W\d][\w .:/-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewFiles:
    """Files to write, by path from the root; ``notes`` are sentences that the author should read."""

    files: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """The value that a new policy checks: a field of a type, or a key of its JSON document."""

    type: ObjectType
    path: str
    kind: str
    key: str | None
    notes: tuple[str, ...] = field(default=())

    @property
    def subject(self) -> str:
        """The name for messages."""
        return self.key or self.path.rpartition(".")[2]


def new_repository(directory: Path) -> NewFiles:
    """Return the files of an empty repository: its mark, the topmost folder, and the schemas for editors."""
    if directory.is_dir() and any(not entry.name.startswith(".") for entry in directory.iterdir()):
        raise NotWritten(f"{directory}: is not empty: a new repository needs a new or empty directory")
    if directory.exists() and not directory.is_dir():
        raise NotWritten(f"{directory}: is a file: a repository needs a directory")
    schemas = {f"{SCHEMAS}/{name}": text for name, text in schema_files().items()}
    folder = _with_schema("ce/folder.yaml", templates.folder_text("Policies", "Policies"), "folder", schemas)
    return NewFiles({ROOT_MARK: templates.ROOT_MARK_TEXT, "ce/folder.yaml": folder, **schemas})


def new_policy(
    name: str,
    type_name: str,
    repository: Repository,
    *,
    path: str | None = None,
    key: str | None = None,
    title: str | None = None,
) -> NewFiles:
    """Return the files of a policy, its missing folders, and the extracts that it imports.

    The policy checks the field ``path``, by default one with a meaning of its own; of a JSON document, its ``key``. The test
    data have an object for each result of the logic.
    """
    entity = new_policy_id(name, repository)
    question = _question(find_type(type_name, repository), repository, path, key)
    full = _option_text("--name", title) or _words(entity.rpartition("/")[2])
    shared = {**new_folders(entity, repository), f"{entity[1:]}/policy.yaml": templates.policy_text(full, full)}
    for extract in _extract_names(question):
        logic_files = _asking(question, entity, extract, repository)
        filled = _filled({**shared, **logic_files}, extract, entity, question.type.name, repository)
        if filled is not None:
            files = {
                file: with_own_schema(file, text, repository) for file, text in {**shared, **logic_files, **filled}.items()
            }
            return NewFiles(files, (*_near(entity, repository), *question.notes))
    raise UnusableId(f"'{question.subject}' is the name of other extracts already: choose another --key")


def new_extracts(
    name: str, type_name: str, repository: Repository, *, path: str | None = None, key: str | None = None
) -> NewFiles:
    """Return a file of extracts of a type that holds one of that name."""
    question = _question(find_type(type_name, repository), repository, path, key)
    name = new_api_name(name)
    file = _extracts_file(question.type.name, name)
    if file in repository.tree.files:
        raise UnusableId(f"'/{file}' is there already; nothing was written")
    text = _extract_text(question, name)
    return NewFiles({file: with_own_schema(file, text, repository)}, question.notes)


def new_type(name: str, repository: Repository, *, label: str | None = None) -> NewFiles:
    """Return a ``type.yaml``. Without a label, a type of the library keeps its own: people may call it by that already."""
    name = new_api_name(name)
    file = f"types/{name}/type.yaml"
    if file in repository.tree.files:
        raise UnusableId(f"'/{file}' is there already; nothing was written")
    notes: tuple[str, ...] = ()
    declared = repository.fallback.declared_type(name) if repository.fallback is not None else None
    if declared is not None:
        notes = (f"the library declares {name}, too; in this repository the new declaration is used",)
    label = _option_text("--label", label) or (declared.label if declared else "") or _label(name)
    _reject_used_label(name, label, repository)
    text = templates.type_text(name, label, deletion_field_of(name))
    return NewFiles({file: with_own_schema(file, text, repository)}, notes)


def new_section(name: str, repository: Repository, *, title: str | None = None) -> NewFiles:
    """Return the files of a section and its missing parents, up to the framework."""
    entity = new_section_id(name, repository)
    wanted = [above for above in folders_above(entity) if above not in repository.section_ids]
    files = {f"{above[1:]}/section.yaml": templates.section_text(_words(above.rpartition("/")[2])) for above in wanted}
    files[f"{entity[1:]}/section.yaml"] = templates.section_text(
        _option_text("--name", title) or _words(entity.rpartition("/")[2])
    )
    files = {file: with_own_schema(file, text, repository) for file, text in files.items()}
    return NewFiles(files, tuple(_near(entity, repository)))


def _near(entity: str, repository: Repository) -> Iterable[str]:
    near = near_folder(entity, repository)
    return (f"'{entity}' is in a new folder, and there is '{near}'",) if near else ()


def _question(object_type: ObjectType, repository: Repository, path: str | None, key: str | None) -> _Question:
    given = _option_text("--field", path)
    chosen = field_named(given, object_type) if given is not None else field_to_ask_about(object_type)
    if chosen is None:
        raise UnusableId(f"'{object_type.name}' declares no field to check: name one with --field")
    kind = path_kind(chosen, object_type, repository)
    if chosen == object_type.deletion_field:
        raise UnusableId(f"'{chosen}' marks disappeared objects, which is checked before any condition: name another field")
    if kind != JSON:
        if key is not None:
            raise UnusableId(f"'{printable(key)}' cannot be a key: {chosen} is not a JSON document, but {kind}")
        return _Question(object_type, chosen, kind, None)
    if key is not None and not _KEY.fullmatch(key):
        raise UnusableId(
            f"'{printable(key)}' is not a key: a letter first, then letters, digits, '_', '-', '.', ':', '/' and spaces"
        )
    usual = KEYS.get(chosen.rpartition(".")[2])
    if key is None and usual is None:
        notes = (f"the keys of {chosen} are not declared: '{DEFAULT_KEY}' is a placeholder; name yours with --key",)
        return _Question(object_type, chosen, kind, DEFAULT_KEY, notes)
    return _Question(object_type, chosen, kind, key or usual, _no_column(key) if key and usual else ())


def _no_column(key: str) -> tuple[str, ...]:
    """Return a note if a key is not a column of the credential report."""
    known = COLUMNS | LATER_COLUMNS
    near = suggestion(key, sorted(known))
    problem = f"a credential report has no column '{key}'{f' ({near})' if near else ''}"
    return () if key in known else (problem.replace("`", "'"),)


def _extract_names(question: _Question) -> Sequence[str | None]:
    """Return names for an extract, the shortest first, None if no extract is needed."""
    if question.key is None:
        return (None,)
    *lookups, field_name = (re.sub(r"^[A-Za-z0-9]+__(?=.*__[cr]$)|__[cr]$", "", step) for step in question.path.split("."))
    return tuple(_camel(" ".join((*lookups, *more, question.key))) for more in ((), (field_name,)))


def _asking(question: _Question, entity: str, extract: str | None, repository: Repository) -> dict[str, str]:
    """Return the logic, its test data, and the extracts file if it does not exist yet."""
    start, value, files, place = start_of(question.kind), f"{{FIELD: {{path: {question.path}}}}}", {}, None
    if extract is not None:
        value, place = f"{{EXTRACT: {extract}}}", _extracts_file(question.type.name, extract)
        if place not in repository.tree.files:
            files[place] = _extract_text(question, extract)
    imports = f"/{place}" if place else None
    logic = templates.logic_text(question.type.name, question.subject, start, value=value, extracts=imports)
    data = templates.test_data_text([*_objects(question, start, repository)])
    return {**files, f"{entity[1:]}/prod.logic.yaml": logic, f"{entity[1:]}/test-data.json": data}


def _extracts_file(type_name: str, extract: str) -> str:
    return f"types/{type_name}/{extract}.extracts.yaml"


def _extract_text(question: _Question, name: str) -> str:
    if question.key is not None:
        return templates.document_extract_text(question.type.name, name, question.path, question.key)
    return templates.field_extract_text(question.type.name, name, question.path)


def _objects(question: _Question, start: Start, repository: Repository) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Yield test objects, one for each way to end: name, status, fields."""
    outcomes = (("faulty", Status.INCOMPLIANT), ("sound", Status.COMPLIANT), ("not-foreseen", Status.UNDETERMINED))
    for (name, status), value in zip(outcomes, start.values, strict=True):
        content = value if question.key is None else json.dumps({question.key: value})
        yield name, status.value, nested_value(question.type, question.path, content, repository)
    if question.key is not None:
        for name, content in (
            ("no-document", None),
            ("document-not-json", "{"),
            ("value-not-text", json.dumps({question.key: 17})),
        ):
            yield name, Status.UNDETERMINED.value, nested_value(question.type, question.path, content, repository)


def nested_value(object_type: ObjectType, path: str, value: Any, repository: Repository) -> dict[str, Any]:
    """Return fields with a value at a path. The key of a lookup is the Id of its object."""
    *lookups, name = path.split(".")
    fields: dict[str, Any] = {name: value}
    for count, lookup in reversed(list(enumerate(lookups))):
        above = reached(object_type, lookups[:count], lambda name: repository.declared_type(name) or ObjectType(name))
        identity = f"{lookup.removesuffix('__r')}-1"
        key = above.lookups[lookup].key if lookup in above.lookups else ""
        fields = {**({key: identity} if key else {}), lookup: {"Id": identity, **fields}}
    return fields


def new_waiver(name: str, policy: str, repository: Repository, *, objects: str, until: date) -> NewFiles:
    """Return a file with one waiver of a policy's findings. The author fills in reason and owner."""
    if not WAIVER_ID.fullmatch(name):
        raise UnusableId(f"'{printable(name)}' is not an ID of a waiver: use letters, digits, '.', '_' and '-', 80 at most")
    named, *others = match_ids([policy], repository.policy_ids, "policy")
    if others:
        raise UnusableId(f"'{printable(policy)}' names {len(others) + 1} policies: name one of them, such as {named}")
    if until < datetime.now(UTC).date():
        raise UnusableId(f"--until {until} is in the past: name a later day")
    file = f"{WAIVERS}/{name}.yaml"
    if (repository.files.root / file).exists():
        raise UnusableId(f"'{file}' is there already; nothing was written")
    schema = f"{SCHEMAS}/{_schema_name('waivers')}"
    there = [schema] if (repository.files.root / schema).is_file() else []
    text = templates.waivers_text(name, named, objects, until.isoformat(), repository.values(named))
    _reject_unreadable(name, text, repository, f"--object '{printable(objects)}'")
    return NewFiles(
        {file: _with_schema(file, text, "waivers", there)}, ("fill in its reason and its owner before it is merged",)
    )


def _reject_unreadable(name: str, text: str, repository: Repository, named: str) -> None:
    """Refuse a file with one waiver that runs would refuse: one they cannot read, or whose id another file has."""
    there = waivers_below(repository.files, WAIVERS)
    if name in {*(waiver.id for waiver in there.waivers), *(attested.id for attested in there.attestations)}:
        raise UnusableId(f"'{name}' is the id of another waiver or attestation; nothing was written")
    with scratch() as directory:
        (directory / "new.yaml").write_text(text, "utf-8", newline="\n")
        wrong = waivers_of(Files(directory), "new.yaml").diagnostics
    if wrong:
        raise UnusableId(f"{named} cannot be in a waiver: {wrong[0].message}")


def _filled(
    files: dict[str, str], extract: str | None, entity: str, type_name: str, repository: Repository
) -> dict[str, str] | None:
    """Return the policy's test data with its expectations, None if existing extracts contradict them."""
    place = _extracts_file(type_name, extract) if extract else None
    with scratch() as directory:
        root = directory / "repository"
        if place in repository.tree.files and repository.extracts(f"/{place}").value is not None:
            files = {**files, str(place): repository.files.text(str(place), limit=MAX_YAML)}
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8", newline="\n")
        (data,) = fill_blanks(Analyzer(Repository(root, fallback=repository)), [f"{entity}/prod.logic.yaml"])
    return None if data.unfilled else {data.path: data.after}


def new_folders(entity: str, repository: Repository) -> dict[str, str]:
    """Return the ``folder.yaml`` of each folder above a policy that the repository lacks."""
    wanted = [above for above in folders_above(entity) if above not in repository.folder_ids]
    names = {above: _words(above.rpartition("/")[2]) if above != "/ce" else "Policies" for above in wanted}
    return {f"{above[1:]}/folder.yaml": templates.folder_text(name, name) for above, name in names.items()}


def _schema_name(kind: str) -> str:
    return f"{kind.capitalize()}.schema.json"


def with_own_schema(path: str, text: str, repository: Repository) -> str:
    """Return a text with a line that names the schema of its kind, if the repository has it."""
    kind = path.rpartition("/")[2].removesuffix(".yaml").rpartition(".")[2]
    there = (repository.files.root / SCHEMAS / _schema_name(kind)).is_file()
    return _with_schema(path, text, kind, [f"{SCHEMAS}/{_schema_name(kind)}"] if there else [])


def _with_schema(path: str, text: str, kind: str, schemas: Iterable[str]) -> str:
    """Return a text with a line that names its schema, if the repository has the schema."""
    schema = f"{SCHEMAS}/{_schema_name(kind)}"
    if schema not in schemas:
        return text
    return f"# yaml-language-server: $schema={'../' * path.count('/')}{schema}\n{text}"


def _option_text(option: str, text: str | None) -> str | None:
    """Return the text of an option. Raise :class:`UnusableId` if it is given but blank."""
    if text is not None and not text.strip():
        raise UnusableId(f"{option} '{printable(text)}' is blank: give a text, or leave the option out")
    return text


def _reject_used_label(name: str, label: str, repository: Repository) -> None:
    """Reject a label that already names another type, as a label or as the name of a view: it would be ambiguous."""
    other = next((named_type.name for named_type in find_types(label, repository) if named_type.name != name), None)
    if other is not None:
        raise UnusableId(f"'{printable(label)}' names {other} already: choose another --label")


def _words(part: str) -> str:
    words = " ".join(re.split(r"[-_]+", part)).strip()
    return words[:1].upper() + words[1:]


def _label(api_name: str) -> str:
    bare = re.sub(r"^[A-Za-z0-9]+__(?=.*__c$)|__c$", "", api_name)
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", bare)) or api_name


def _camel(key: str) -> str:
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", key) if part]
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)
