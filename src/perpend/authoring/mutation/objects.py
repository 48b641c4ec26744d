"""Write an object and its expected result as JSON for a file of test data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perpend.language.interpreter.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.authoring.mutation.evaluate import Specimen
    from perpend.core.objects.object_types import ObjectType, Types
    from perpend.language.program.program import Program


def test_object(program: Program, specimen: Specimen, name: str) -> str:
    """Return the JSON of a test object that expects the program's result of today."""
    fields = _owned(specimen.fields, program.block.type, program.types, name)
    ((index, error),) = Interpreter([program]).evaluate(fields, specimen.time)
    verdict = program.verdicts[index]
    written = {
        "expectedResult": {
            "status": verdict.status.value,
            "conditionIndex": str(index),
            "conditionText": verdict.text,
            "runtimeError": error,
        },
        "context": {"snapshotTime": datetime.fromtimestamp(specimen.time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        **fields,
    }
    return json.dumps(written, ensure_ascii=False, indent=2)


def _owned(fields: Mapping[str, Any], object_type: ObjectType, types: Types, name: str) -> dict[str, Any]:
    """Return an object with another name. References of its lists to the owner change, too."""
    owned = {"Id": name, **{key: value for key, value in fields.items() if key != "Id"}}
    for children in object_type.children.values():
        held = owned.get(children.name)
        if isinstance(held, list):
            child_type = types.named(children.type_name)
            owned[children.name] = [_child(one, children.key, child_type, types, name) for one in held]
    return owned


def _child(child: Any, key: str, object_type: ObjectType, types: Types, owner: str) -> Any:
    if not isinstance(child, dict):
        return child
    own = {**child, key: owner} if child.get(key) is not None else child
    return _owned(own, object_type, types, own["Id"]) if isinstance(own.get("Id"), str) else own
