"""Which scalars of a stage depend on one row of its own table alone, and what identifies each: its whole definition.

They can be computed once per snapshot and kept: questions asked of texts and documents, the columns used as they are, and
verdict codes as a whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars, replaced, walk
from perpend.evaluation.planner.stage import ROOT, Stage
from perpend.language.program.program import constant_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEMANTICS: Final = 3
"""Raised whenever a primitive or native gives another value for the same arguments: nothing kept before is used again."""

_BEHIND_NAME: Final = "#kept"
"""Behind a table's name: what was kept of it."""

_LARGE: Final = frozenset({Kind.TEXT, Kind.TEXTS, Kind.MEMBERS})


EXTRACTS: Final = "extracts"
VERDICTS: Final = "verdicts"


@dataclass(frozen=True, slots=True)
class Keepable:
    """The scalars of a stage to be kept, by the column they are kept in. A column's name is the hash of its definition.

    ``what`` they are: :data:`EXTRACTS` or :data:`VERDICTS`. ``keys`` are columns under their own names, for joins.
    """

    what: str
    columns: Mapping[str, Scalar]
    keys: Mapping[str, Scalar]

    def stage_over_kept(self, scalars: Scalars, stage: Stage) -> Stage:
        """Return the stage as read from what was kept of its table."""
        names = {scalar: name for name, scalar in (*self.columns.items(), *self.keys.items())}

        def change(node: Scalar, arguments: tuple[Scalar, ...], old: Scalar | None) -> Scalar | None:
            return scalars.column(ROOT, names[node], node.kind) if node in names else None

        fixed = replaced(scalars, stage.outputs.values(), change)
        outputs = {name: fixed[node] for name, node in stage.outputs.items()}
        return replace(stage, table=replace(stage.table, name=stage.table.name + _BEHIND_NAME), outputs=outputs)


def keepable(scalars: Scalars, stage: Stage, keys: Mapping[str, Kind]) -> Keepable | None:
    """Return what can be kept of a stage, None where it needs documents as they are, which are not worth keeping twice.

    ``keys`` are columns of its table that joins need; they are kept under their own names.
    """
    own, named = _own(stage), _columns(scalars, keys)
    values: dict[str, Scalar] = {}
    digests: dict[Scalar, str] = {}
    pending = list(stage.outputs.values())
    seen: set[Scalar] = set(named.values())
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in own and (_asks_of_text(node) or node.primitive == "column"):
            if node.primitive == "column" and _is_document(stage, node):
                return None
            values[f"k{digest_of(node, digests)[:24]}"] = node
        else:
            pending.extend(node.arguments)
    return Keepable(EXTRACTS, values, named)


def keepable_verdicts(
    scalars: Scalars, stage: Stage, keys: Mapping[str, Kind], reasons: Sequence[str | None]
) -> Keepable | None:
    """Return a stage's outputs as what can be kept of it, None where one of them depends on another table.

    A code below zero means one of ``reasons``, by its place: what they are is part of each name.
    """
    outputs = [node for node in stage.outputs.values() if node.primitive != "literal"]
    if not outputs or not _own(stage).issuperset(outputs):
        return None
    digests: dict[Scalar, str] = {}
    names = (hashlib.sha256(json.dumps([digest_of(node, digests), *reasons]).encode()).hexdigest() for node in outputs)
    return Keepable(
        VERDICTS, {f"v{name[:24]}": node for name, node in zip(names, outputs, strict=True)}, _columns(scalars, keys)
    )


def _columns(scalars: Scalars, kinds: Mapping[str, Kind]) -> dict[str, Scalar]:
    return {name: scalars.column(ROOT, name, kind) for name, kind in kinds.items()}


def _own(stage: Stage) -> set[Scalar]:
    """Return the scalars that are made of columns of the stage's own table alone, and of some."""
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


def _asks_of_text(scalar: Scalar) -> bool:
    """Whether a scalar is a short answer made of something long."""
    if scalar.kind in _LARGE:
        return False
    return any(node.kind in _LARGE and node.primitive != "literal" for node in scalar.arguments)


def _is_document(stage: Stage, column: Scalar) -> bool:
    described = stage.table.columns.get(column.constants[1])
    return described is not None and described.plain


def digest_of(scalar: Scalar, known: dict[Scalar, str]) -> str:
    """Return the hash of a scalar's whole definition: primitive, constants, kinds, and the same of all it is made of.

    What is read together with others is defined as if it were read alone, so that the company does not matter.
    """
    for node in walk([scalar]):
        if node not in known:
            primitive, arguments, constants = _alone(node)
            parts = [primitive, constant_text(constants), node.kind.value, *(known[inner] for inner in arguments)]
            known[node] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return known[scalar]


def _alone(scalar: Scalar) -> tuple[str, tuple[Scalar, ...], tuple[Any, ...]]:
    if scalar.primitive == "pick":
        return "member", scalar.arguments[0].arguments, scalar.constants
    if scalar.primitive == "part":
        results, (place,) = scalar.arguments[0], scalar.constants
        where = results.arguments[:1] if results.primitive == "if" else ()
        asked = results.arguments[2] if where else results
        return "query", (*asked.arguments, *where), asked.constants[1 + place]
    return scalar.primitive, scalar.arguments, scalar.constants
