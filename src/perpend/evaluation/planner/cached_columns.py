"""Choose the scalars of a stage that can be cached per snapshot, and name each by the hash of its definition.

A scalar can be cached if it depends on one row of the stage's own table only. Cached are results of functions on texts and
documents, columns that are used unchanged, and whole verdict codes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, call_of_results, replace_scalars, walk
from perpend.evaluation.planner.stage import ROOT, Stage
from perpend.language.program.program import constant_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEMANTICS: Final = 3
"""Increase this if a primitive or function returns another value for the same arguments: it makes all caches invalid."""

_CACHE_SUFFIX: Final = "#cache"
"""Appended to the name of a table to name its cached columns."""

_LARGE: Final = frozenset({Kind.TEXT, Kind.TEXTS, Kind.MEMBERS})


EXTRACTS: Final = "extracts"
VERDICTS: Final = "verdicts"


@dataclass(frozen=True, slots=True)
class CacheableColumns:
    """The scalars of a stage to cache, by column name, which is the hash of the definition.

    ``what`` is :data:`EXTRACTS` or :data:`VERDICTS`. ``keys`` are columns that joins need, under their own names.
    """

    what: str
    columns: Mapping[str, Scalar]
    keys: Mapping[str, Scalar]

    def stage_over_cache(self, scalars: Scalars, stage: Stage) -> Stage:
        """Return the stage, changed to read the cached columns of its table."""
        names = {scalar: name for name, scalar in (*self.columns.items(), *self.keys.items())}

        def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
            return scalars.column(ROOT, names[node], node.kind) if node in names else None

        fixed = replace_scalars(scalars, stage.outputs.values(), change)
        outputs = {name: fixed[node] for name, node in stage.outputs.items()}
        return replace(stage, table=replace(stage.table, name=stage.table.name + _CACHE_SUFFIX), outputs=outputs)


def cacheable_extracts(scalars: Scalars, stage: Stage, keys: Mapping[str, Kind]) -> CacheableColumns | None:
    """Return the extracts of a stage that can be cached, or None if the stage needs whole documents.

    Documents are not worth storing twice. ``keys`` are columns of the table that joins need.
    """
    own, key_columns = _own_scalars(stage), _columns(scalars, keys)
    values: dict[str, Scalar] = {}
    digests: dict[Scalar, str] = {}
    pending = list(stage.outputs.values())
    seen: set[Scalar] = set(key_columns.values())
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in own and (_is_extract(node) or node.primitive == "column"):
            if node.primitive == "column" and _is_document(stage, node):
                return None
            values[f"k{digest_of(node, digests)[:24]}"] = node
        else:
            pending.extend(node.arguments)
    return CacheableColumns(EXTRACTS, values, key_columns)


def cacheable_verdicts(
    scalars: Scalars, stage: Stage, keys: Mapping[str, Kind], reasons: Sequence[str | None]
) -> CacheableColumns | None:
    """Return the verdict codes of a stage as cacheable columns, or None if one depends on another table.

    A negative code is an index into ``reasons``, so the texts of the reasons are part of each name.
    """
    outputs = [node for node in stage.outputs.values() if node.primitive != "literal"]
    if not outputs or not _own_scalars(stage).issuperset(outputs):
        return None
    digests: dict[Scalar, str] = {}
    names = (
        hashlib.sha256(json.dumps([digest_of(node, digests, results=True), *reasons]).encode()).hexdigest() for node in outputs
    )
    return CacheableColumns(
        VERDICTS, {f"v{name[:24]}": node for name, node in zip(names, outputs, strict=True)}, _columns(scalars, keys)
    )


def _columns(scalars: Scalars, kinds: Mapping[str, Kind]) -> dict[str, Scalar]:
    return {name: scalars.column(ROOT, name, kind) for name, kind in kinds.items()}


def _own_scalars(stage: Stage) -> set[Scalar]:
    """Return the scalars that depend on columns of the stage's own table, and on no other table."""
    foreign: set[Scalar] = set()
    own: set[Scalar] = set()
    for node in walk(stage.outputs.values()):
        if node.primitive == "column":
            (own if node.constants[0] == ROOT else foreign).add(node)
        elif not foreign.isdisjoint(node.arguments):
            foreign.add(node)
        elif not own.isdisjoint(node.arguments):
            own.add(node)
    return own


def _is_extract(scalar: Scalar) -> bool:
    """Whether a scalar is a short result of a long argument, such as a text or a document."""
    if scalar.primitive == "when":
        return _is_extract(scalar.arguments[1])
    if scalar.kind in _LARGE:
        return False
    return any(node.kind in _LARGE and node.primitive != "literal" for node in scalar.arguments)


def _is_document(stage: Stage, column: Scalar) -> bool:
    described = stage.table.columns.get(column.constants[1])
    return described is not None and described.plain


def digest_of(scalar: Scalar, known: dict[Scalar, str], *, results: bool = False) -> str:
    """Return the hash of a scalar's whole definition: primitive, constants, kind and arguments.

    Values that are read together with others hash as if each were read alone, so the same value keeps its name. With
    ``results``, so do values that are computed for some rows only, because a result does not depend on it.
    """
    for node in walk([scalar]):
        if node in known:
            continue
        if results and node.primitive == "when":
            known[node] = known[node.arguments[1]]
            continue
        primitive, arguments, constants = _alone(node)
        parts = [primitive, constant_text(constants), node.kind.value, *(known[inner] for inner in arguments)]
        known[node] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return known[scalar]


def _alone(scalar: Scalar) -> tuple[str, tuple[Scalar, ...], tuple[Any, ...]]:
    if scalar.primitive == "pick":
        return "member", scalar.arguments[0].arguments, scalar.constants
    if scalar.primitive == "part":
        (call, skipped), (place,) = call_of_results(scalar.arguments[0]), scalar.constants
        name, *questions = call.constants
        return name, (call.arguments[0], *skipped), questions[place]
    return scalar.primitive, scalar.arguments, scalar.constants
