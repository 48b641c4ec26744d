"""A small declared estate for properties: object types, programs over them, objects that fit, nearly fit, or do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from perpend.core.objects.status import Status
from perpend.core.values.types import ValueType
from perpend.core.values.values import DAY, iso_from_milliseconds
from perpend.language.operations import OPERATIONS
from perpend.language.operations.operation import Constant
from tests.repositories import LOGIC, policy_files
from tests.strategies import (
    DATES,
    ENDLESS,
    JSON,
    NUMBER,
    OPEN_KINDS,
    SETTLED_KINDS,
    TEXT,
    Draw,
    Names,
    expression,
    kinds_of,
    use,
)

THING, OWNER, PART = "CA10__CaThing__c", "CA10__CaOwner__c", "CA10__CaPart__c"
DELETION = "CA10__disappearanceTime__c"
FIELD_KINDS = {
    "text": ValueType.TEXT,
    "json": ValueType.TEXT,
    "number": ValueType.NUMBER,
    "checkbox": ValueType.BOOLEAN,
    "datetime": ValueType.DATE_TIME,
}
OPEN = "CA10__open__c"
OWNER_LOOKUP, OTHER_LOOKUP = "CA10__owner__r", "CA10__other__r"
PARTS, BOLTS, THINGS = "CA10__Parts__r", "CA10__Bolts__r", "CA10__Things__r"
OWNERS_THINGS = f"{OWNER_LOOKUP}.{THINGS}"


def _field(kind: str) -> str:
    return f"CA10__{kind}__c"


def _declared(**more: Any) -> dict[str, Any]:
    return {"label": "A type", "fields": [{"name": _field(kind), "type": kind} for kind in FIELD_KINDS], **more}


TYPES: dict[str, Any] = {
    f"types/{THING}/type.yaml": _declared(
        lookups=[{"name": OWNER_LOOKUP, "target": OWNER, "key": "CA10__owner__c"}],
        children=[{"name": PARTS, "type": PART, "key": "CA10__thing__c"}],
    ),
    f"types/{OWNER}/type.yaml": _declared(deletionField="none"),
    f"types/{PART}/type.yaml": _declared(),
}


@st.composite
def catalogues(draw: Draw) -> dict[str, Any]:
    """Draw what is declared of the three types: which fields and relations, and which field says that one has disappeared."""
    found: dict[str, Any] = {}
    for path, declared in TYPES.items():
        kept = {**declared, "fields": [one for one in declared["fields"] if draw(st.integers(0, 3))]}
        for relations in ("lookups", "children"):
            if relations in declared and draw(st.integers(0, 4)) == 0:
                del kept[relations]
        deletion = draw(st.sampled_from(["", "", "none", DELETION, _field("datetime"), _field("text")]))
        found[path] = (
            {**kept, "deletionField": deletion} if deletion else {k: v for k, v in kept.items() if k != "deletionField"}
        )
    if draw(st.booleans()):
        lookups = found[f"types/{THING}/type.yaml"].setdefault("lookups", [])
        found[f"types/{THING}/type.yaml"]["lookups"] = [*lookups, {"name": OTHER_LOOKUP, "target": OWNER}]
    return found


CATALOGUES = st.just(TYPES) | catalogues()
"""The types fully declared, or as drawn."""


def _fields(prefix: str = "") -> tuple[tuple[ValueType, tuple[str, ...]], ...]:
    found: dict[ValueType, tuple[str, ...]] = {}
    for kind, value_type in FIELD_KINDS.items():
        found[value_type] = (*found.get(value_type, ()), f"{prefix}{_field(kind)}")
    return tuple(found.items())


def _with_owner() -> tuple[tuple[ValueType, tuple[str, ...]], ...]:
    beyond = dict(_fields(f"{OWNER_LOOKUP}."))
    return tuple((kind, (*paths, *beyond[kind])) for kind, paths in _fields())


THING_NAMES = Names(
    _with_owner(), (OPEN, f"{OTHER_LOOKUP}.{OPEN}"), (), (OWNER_LOOKUP, OTHER_LOOKUP, f"{OWNER_LOOKUP}.{OTHER_LOOKUP}")
)
OWNER_NAMES = Names(_fields(), (OPEN,))
PART_NAMES = Names(_fields(), (OPEN,))
BOLT_NAMES = Names((), (OPEN, _field("text"), _field("number")))
RELATED = (PARTS, OWNERS_THINGS)


@dataclass(frozen=True, slots=True)
class Extracts:
    """Extracts of the things (some refer to others) and of their owners, and what they give."""

    things: tuple[dict[str, Any], ...]
    owners: tuple[dict[str, Any], ...]
    names: tuple[tuple[ValueType, str], ...]

    @property
    def files(self) -> dict[str, Any]:
        """The files that hold them."""
        return {
            f"types/{THING}/e.extracts.yaml": {"extracts": list(self.things)},
            f"types/{OWNER}/e.extracts.yaml": {"extracts": list(self.owners)},
        }


@st.composite
def extracts(draw: Draw, depth: int = 1) -> Extracts:
    """Draw extracts: three plain ones, two that may use them, two of the owner reached through the lookup."""
    things: list[dict[str, Any]] = []
    owners: list[dict[str, Any]] = []
    names: list[tuple[ValueType, str]] = []
    for number in range(5):
        known = replace(THING_NAMES, extracts=tuple(names[:3]) if number >= 3 else ())
        kind = draw(st.sampled_from(SETTLED_KINDS))
        things.append({"name": f"e{number}", "value": expression(draw, kind, known, depth)})
        names.append((kind, f"e{number}"))
    for number in range(2):
        kind = draw(st.sampled_from(OPEN_KINDS))
        owners.append({"name": f"o{number}", "value": expression(draw, kind, OWNER_NAMES, depth)})
        names.append((kind, f"{OWNER_LOOKUP}.o{number}"))
    return Extracts(tuple(things), tuple(owners), tuple(names))


IMPORTS = [{"file": f"/types/{name}/e.extracts.yaml"} for name in (THING, OWNER)]
_STATUS = st.sampled_from([status.value for status in Status])


def _outcome(draw: Draw) -> dict[str, Any]:
    return {"status": draw(_STATUS), "currentStateMessage": draw(TEXT)}


def _block(draw: Draw, names: Names, depth: int, most: int) -> dict[str, Any]:
    conditions = [
        {**_outcome(draw), "check": expression(draw, ValueType.BOOLEAN, names, depth)}
        for _ in range(draw(st.integers(0, most)))
    ]
    return {"conditions": conditions, "otherwise": _outcome(draw)}


def related_lists(draw: Draw, depth: int = 1) -> list[dict[str, Any]]:
    """Draw the related lists of the things: their parts (with bolts of no declared type) and their owner's things."""
    bolts = {"relationshipName": BOLTS, **_block(draw, BOLT_NAMES, depth, 1)}
    parts = _block(draw, replace(PART_NAMES, relationships=(BOLTS,)), depth, 2)
    return [
        {"relationshipName": PARTS, **parts, "relatedLists": [bolts]},
        {"relationshipName": OWNERS_THINGS, **_block(draw, BOLT_NAMES, depth, 1)},
    ]


def repository_files(
    found: Extracts, block: dict[str, Any], *, alias: str = "inputType", types: dict[str, Any] = TYPES
) -> dict[str, Any]:
    """Return the files of a repository whose one policy judges the things."""
    logic = {alias: THING, "importExtracts": IMPORTS, **block}
    return policy_files(logic, **types, **found.files)


@st.composite
def repositories(draw: Draw, types: st.SearchStrategy[dict[str, Any]] = CATALOGUES, depth: int = 2) -> dict[str, Any]:
    """Draw the files of a repository whose one policy is well-typed throughout."""
    found = draw(extracts())
    names = replace(THING_NAMES, extracts=found.names, relationships=RELATED)
    block = {**_block(draw, names, depth, 3), "relatedLists": related_lists(draw)}
    if draw(st.integers(0, 4)) == 0:
        block["recordTypes"] = ["Standard", "custom "]
    alias = draw(st.sampled_from(["inputType", "inputObject"]))
    return repository_files(found, block, alias=alias, types=draw(types))


@st.composite
def repositories_with(
    draw: Draw,
    name: str,
    depth: int = 2,
    types: st.SearchStrategy[dict[str, Any]] = CATALOGUES,
    shared: st.SearchStrategy[Extracts] = extracts(),  # noqa: B008
) -> dict[str, Any]:
    """Draw the files of a repository whose policy uses one operation for certain, with others below it up to a depth.

    Several can be of the same types and the same extracts (``shared``): then ``in_one`` makes one repository of them.
    """
    operation = OPERATIONS[name]
    found = draw(shared)
    names = replace(THING_NAMES, extracts=found.names, relationships=RELATED)
    constants = {parameter.constant for parameter in operation.parameters}
    if Constant.EXTRACT_PATH in constants:
        kind = draw(st.sampled_from([kind for kind, _ in found.names]))
    else:
        kind = draw(st.sampled_from(kinds_of(operation, names)))
    call = use(draw, operation, kind, names, depth)
    check = call if kind is ValueType.BOOLEAN else {"IS_EMPTY": {"arg": call}}
    block = {
        "conditions": [{**_outcome(draw), "check": check}],
        "otherwise": _outcome(draw),
        "relatedLists": related_lists(draw),
    }
    return repository_files(found, block, alias="inputObject", types=draw(types))


def in_one(repositories: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Return the files of one repository with the policies of several that share all else, and the Ids of their logic."""
    found: dict[str, Any] = {}
    for number, files in enumerate(repositories):
        for path, content in files.items():
            place = path.replace("/policy/", f"/policy-{number}/")
            assert found.setdefault(place, content) == content
    return found, [LOGIC.replace("/policy/", f"/policy-{number}/") for number in range(len(repositories))]


GROUPS = [list(OPERATIONS)[start::19] for start in range(19)]
"""All operations, a few in each group: what several can be asked of is drawn once for them."""


@st.composite
def repositories_with_logic(draw: Draw) -> dict[str, Any]:
    """Draw the files of a repository whose policy joins conditions with AND, OR and NOT, so that most are not evaluated."""
    found = draw(extracts())
    names = replace(THING_NAMES, extracts=found.names, relationships=RELATED)

    def joined(depth: int) -> Any:
        if depth == 0:
            return expression(draw, ValueType.BOOLEAN, names, 1)
        args = [joined(depth - 1) for _ in range(draw(st.integers(2, 3)))]
        whole = {draw(st.sampled_from(["AND", "OR"])): {"args": args}}
        return {"NOT": {"arg": whole}} if draw(st.booleans()) else whole

    conditions = [{**_outcome(draw), "check": joined(draw(st.integers(1, 2)))} for _ in range(draw(st.integers(1, 2)))]
    block = {"conditions": conditions, "otherwise": _outcome(draw), "relatedLists": related_lists(draw)}
    return repository_files(found, block, types=draw(CATALOGUES))


_GOOD: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "json": JSON.map(json.dumps)
    | st.sampled_from(["", "{x", "[1,", '{"Statement": []}', '{"a": "x", "a": "y"}', '{"a": NaN}', '{"a": "\\u0041\\""}']),
    "number": NUMBER | ENDLESS,
    "checkbox": st.booleans(),
    "datetime": st.sampled_from(DATES) | st.sampled_from(["", "soon"]),
}


def record(*, loose: bool, more: dict[str, st.SearchStrategy[Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for the values of one object: of the declared types, or (``loose``) of any. ``more`` are others."""
    values = {_field(kind): good | st.none() | (JSON if loose else st.none()) | good | good for kind, good in _GOOD.items()}
    common = {
        "Id": st.sampled_from(["a", "b", "Test-1", ""]) | st.none() | (JSON if loose else st.none()),
        DELETION: st.sampled_from([None, None, None, "", "2026-01-01T00:00:00Z"]) | (JSON if loose else st.none()),
        OPEN: JSON if loose else st.none() | TEXT | NUMBER | st.booleans(),
    }
    return st.fixed_dictionaries({}, optional={**values, **common, **(more or {})})


@st.composite
def ends_of_days(draw: Draw, time: int) -> dict[str, Any]:
    """Draw a date at the end of a day around the time of a snapshot, or a millisecond before or behind it."""
    instant = time - time % DAY + draw(st.integers(-5, 5)) * DAY + draw(st.sampled_from([-1, 0, 1]))
    return {"DATE_TIME": iso_from_milliseconds(instant)}


def objects(*, loose: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for things: with the declared types, or (``loose``) with anything anywhere."""
    anything = JSON if loose else st.none()
    bolts = st.lists(record(loose=loose), max_size=2) | anything
    parts = st.lists(record(loose=loose, more={BOLTS: bolts}), max_size=3) | anything
    owner = record(loose=loose, more={THINGS: parts, OTHER_LOOKUP: record(loose=loose) | anything}) | anything
    record_type = st.fixed_dictionaries({"DeveloperName": st.sampled_from(["Standard", "Other"])}) | anything
    return record(loose=loose, more={OWNER_LOOKUP: owner, OTHER_LOOKUP: owner, PARTS: parts, "RecordType": record_type})
