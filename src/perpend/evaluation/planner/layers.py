"""Split a stage into layers of projections, so that each shared value is computed once.

A value that is used more than once becomes a column of the lowest layer that can compute it. Written as one expression,
shared values would be computed again at every use, and the text would exceed the limits of engines.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.evaluation.planner.scalar import Scalar, is_trivial, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.evaluation.planner.stage import Stage


_REPEATING: Final = frozenset({"norm", "is", "spaced", "lower", "instant", "unquoted"})
"""Primitives whose SQL repeats the argument, so that even one use counts as two."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One projection: ``columns`` passed on from the layer below, and ``made``, the scalars computed here by name."""

    columns: tuple[str, ...]
    made: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Layers:
    """All projections of a stage. ``base`` names the columns of tables; ``names`` gives the column of each computed scalar."""

    base: Mapping[str, Scalar]
    layers: tuple[Layer, ...]
    names: Mapping[Scalar, str]


def layers_of(stage: Stage) -> Layers:
    """Return the layers of a stage. The last one computes the outputs of the stage, under their names."""
    nodes = list(walk(stage.outputs.values()))
    uses = Counter(inner for node in nodes for inner in node.arguments * (2 if node.primitive in _REPEATING else 1))
    uses.update(stage.outputs.values())
    shared = [node for node in nodes if uses[node] > 1 and not is_trivial(node)]
    level = _levels(nodes, set(shared))
    names = {node: f"m{number}" for number, node in enumerate(shared)}
    base = {f"b{number}": column for number, column in enumerate(node for node in nodes if node.primitive == "column")}
    names |= {column: name for name, column in base.items()}
    last = max((level[node] for node in stage.outputs.values()), default=0) + 1
    made: list[dict[str, Scalar]] = [{} for _ in range(last + 1)]
    for node in shared:
        made[level[node]][names[node]] = node
    made[last] |= stage.outputs
    return Layers(base, _build_layers(base, made, names), names)


def _levels(nodes: list[Scalar], shared: set[Scalar]) -> dict[Scalar, int]:
    level: dict[Scalar, int] = {}
    for node in nodes:
        level[node] = max((level[inner] + (inner in shared) for inner in node.arguments), default=0)
    return level


def _build_layers(base: Mapping[str, Scalar], made: list[dict[str, Scalar]], names: Mapping[Scalar, str]) -> tuple[Layer, ...]:
    """Return the layers, each with the columns that later layers read. Empty layers are dropped."""
    read = [_columns_read(layer, names) for layer in made]
    available = list(base)
    layers = []
    for number, layer in enumerate(made):
        later = set().union(*read[number + 1 :])
        columns = tuple(name for name in available if name in later)
        if layer or number == len(made) - 1:
            layers.append(Layer(columns, layer))
        available = [*columns, *layer]
    return tuple(layers)


def _columns_read(layer: Mapping[str, Scalar], names: Mapping[Scalar, str]) -> set[str]:
    """Return the columns of lower layers that the scalars of a layer use."""
    columns: set[str] = set()
    for name, scalar in layer.items():
        pending = [scalar]
        while pending:
            node = pending.pop()
            if node in names and names[node] != name:
                columns.add(names[node])
            else:
                pending.extend(node.arguments)
    return columns
