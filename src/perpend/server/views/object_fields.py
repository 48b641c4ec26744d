"""The fields of one object that policies read, and its tags, by the snapshot of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perpend.core.dataclass import dataclass
from perpend.core.objects.labels import Labels
from perpend.core.values.partial_object import reason_of
from perpend.core.values.tags import TAGS_FIELD, NoTagsError, tags_from
from perpend.evaluation.explain.fields_read import shown_value, text_at
from perpend.evaluation.verdicts.selection import program_named
from perpend.inventory.snapshots.open_store import open_store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.names import DeclaredTypes, UnknownName
from perpend.language.program.required_columns import required_fields
from perpend.server.views.finding_details import read_for_reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.core.objects.object_types import ObjectType
    from perpend.language.program.program import Program
    from perpend.server.scope import ReaderScope
    from perpend.server.views.run_state import RunState


@dataclass(frozen=True, slots=True)
class CollectedFields:
    """Labels and values of fields, by label, and the tags of an object; None if its tags are not known.

    ``place`` is the source. ``contradicted``: other sources say something else.
    """

    fields: tuple[tuple[str, str], ...]
    tags: Mapping[str, str] | None
    place: str
    contradicted: bool


def object_fields(
    state: RunState, type_name: str, object_id: str, policy_ids: Iterable[str], scope: ReaderScope
) -> CollectedFields | None:
    """Return the fields of an object that some policies over its type read; None if none of them can be evaluated.

    Raises PerpendError if the snapshot is no longer stored, or has no such object that the reader may see.
    """
    analyzer = Analyzer(state.repository)
    programs = [program for program in _programs(analyzer, policy_ids) if program.input_type == type_name]
    if not programs:
        return None
    object_type = analyzer.object_type(type_name)
    names = required_fields(programs).values - _naming(object_type)
    with open_store(str(state.history.store)).reading(state.run.snapshot) as snapshot:
        whole, visible = read_for_reader(snapshot, analyzer, programs[0], object_id, {*names, TAGS_FIELD}, scope)
    object_ = whole if visible is None else visible
    labels = Labels(DeclaredTypes(state.repository))
    fields = sorted((labels.path(name), _text(object_type, object_.fields, name)) for name in names - {TAGS_FIELD})
    return CollectedFields(tuple(fields), _tags(object_.fields), object_.origin.place, bool(object_.variants))


def _programs(analyzer: Analyzer, policy_ids: Iterable[str]) -> Iterator[Program]:
    """Yield the programs of the policies that today's repository can evaluate."""
    for policy_id in policy_ids:
        try:
            yield program_named(analyzer, policy_id)
        except UnknownName:
            continue


def _naming(object_type: ObjectType) -> set[str | None]:
    """Return the fields that a page of an object shows as its name, its ids and its end."""
    return {"Id", "Name", object_type.name_field, object_type.external_id_field, object_type.deletion_field}


def _text(object_type: ObjectType, fields: Mapping[str, Any], name: str) -> str:
    declared, value = object_type.fields.get(name), fields.get(name)
    return shown_value(value, declared.type) if declared and value is not None else text_at(fields, name)


def _tags(fields: Mapping[str, Any]) -> dict[str, str] | None:
    """Return tags as texts; None if they were not collected, or could not be read."""
    if fields.get(TAGS_FIELD) is None and reason_of(fields, TAGS_FIELD):
        return None
    try:
        tags = tags_from(fields.get(TAGS_FIELD))
    except NoTagsError:
        return None
    return {name: value if isinstance(value, str) else shown_value(value) for name, value in sorted(tags.items())}
