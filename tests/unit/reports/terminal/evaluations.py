"""Judgements for the tests of this room: two small policies over things, whose ``want`` field says how each shall end."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source
from perpend.core.objects.object_types import ObjectType
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import PolicyView, Selection
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.inventory.importers.import_snapshot import Importing
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.snapshots.database import opened
from perpend.inventory.snapshots.store import Store
from perpend.reports.terminal.verdicts.terminal import print_report
from tests.reference import evaluate_objects
from tests.repositories import analyzer_of, program_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

THING, OWNER = "CA10__CaThing__c", "CA10__CaOwner__c"
WANT, NOTES, OWNER_LOOKUP = "CA10__want__c", "CA10__notes__c", "CA10__owner__r"
EXTERNAL_ID = "CA10__externalId__c"
TODAY = datetime(2026, 1, 10, 18, 30, tzinfo=UTC)
HOSTILE = "[red]\x1b[31m\u202egnp.exe[/red] :skull: \ud800 日本"


def _is(value: str) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": WANT}}, "right": {"TEXT": value}}}


def _condition(want: str, status: str, message: str, remediation: str | None = None) -> dict[str, Any]:
    said = {"status": status, "currentStateMessage": message, "check": _is(want)}
    return said if remediation is None else said | {"remediationMessage": remediation}


TYPES: dict[str, dict[str, Any]] = {
    f"types/{THING}/type.yaml": {
        "label": "Thing",
        "fields": [{"name": WANT, "type": "text", "label": "Wanted"}, {"name": NOTES, "type": "json"}],
        "lookups": [{"name": OWNER_LOOKUP, "target": OWNER, "key": "CA10__owner__c"}],
    },
    f"types/{OWNER}/type.yaml": {
        "label": "Owner",
        "deletionField": "none",
        "fields": [{"name": "CA10__city__c", "type": "text", "label": "City"}],
    },
}
_NAMES = [{"name": name, "type": "text"} for name in ("Name", EXTERNAL_ID)]
_THING = TYPES[f"types/{THING}/type.yaml"]
_STORED_TYPES = {
    **TYPES,
    f"types/{THING}/type.yaml": {
        **_THING,
        "externalIdField": EXTERNAL_ID,
        "master": OWNER_LOOKUP,
        "fields": [*_THING["fields"], *_NAMES],
    },
}
"""The types of stored things: an owner is their master, and a store keeps their names in fields."""

MOOD = {
    "inputType": THING,
    "conditions": [
        _condition("bad", "INCOMPLIANT", "It is bad.", "Make it good:\nslowly."),
        _condition("worse", "INCOMPLIANT", "It is bad.", "Make it good:\nslowly."),
        _condition("bare", "INCOMPLIANT", "It is bare."),
        _condition("odd", "UNDETERMINED", "It is odd. Look at the thing itself."),
        _condition("good", "COMPLIANT", "It is good."),
    ],
    "otherwise": {"status": "INAPPLICABLE", "currentStateMessage": "It is none of these."},
}
_NOTES = {"FIELD": {"path": NOTES}}
_NOTES_JSON = {
    "JSON_FROM": {"arg": _NOTES, "undeterminedIf": {"isEmpty": "The notes are empty.", "isInvalid": "The notes are not JSON."}}
}
_CITY_IS_EMPTY = {"IS_EMPTY": {"arg": {"FIELD": {"path": f"{OWNER_LOOKUP}.CA10__city__c"}}}}
NOTED = {
    "inputType": THING,
    "conditions": [
        {
            "status": "INCOMPLIANT",
            "currentStateMessage": "The notes hold nothing.",
            "remediationMessage": "Write notes.",
            "check": {
                "IS_EMPTY": {
                    "arg": {
                        "JSON_QUERY_TEXT": {
                            "arg": _NOTES_JSON,
                            "expression": "a",
                            "undeterminedIf": {"resultTypeMismatch": "a is no text.", "evaluationError": "a cannot be read."},
                        }
                    }
                }
            },
        },
        {"status": "INAPPLICABLE", "currentStateMessage": "The owner lives nowhere.", "check": _CITY_IS_EMPTY},
    ],
    "otherwise": {"status": "COMPLIANT", "currentStateMessage": "The notes hold something."},
}


def thing(
    name: str,
    want: str = "good",
    *,
    owner: str | None = None,
    account: str | None = None,
    notes: Any = '{"a":"b"}',
    **more: Any,
) -> CloudObject:
    """Return a thing that the first policy ends as wanted. ``more`` are further fields of it."""
    master = None
    if owner is not None:
        master = CloudObject(OWNER, f"id-{owner}", owner, f"ext-{owner}", {"Id": f"id-{owner}"}, Origin("things"))
    fields = {"Id": f"id-{name}", WANT: want, NOTES: notes, "CA10__owner__r": None, **more}
    return CloudObject(THING, f"id-{name}", name, f"ext-{name}", fields, Origin("things", 1), master, account=account)


def with_rival(judged: CloudObject, want: str) -> CloudObject:
    """Return an object whose sources contradict each other."""
    return judged._replace(variants=(judged._replace(fields={**judged.fields, WANT: want}, origin=Origin("others", 7)),))


def evaluate(
    root: Path, *things: CloudObject, logics: dict[str, Any] | None = None, names: dict[str, str] | None = None, **more: Any
) -> Evaluation:
    """Return the judgement of the things by the policy ``/ce/mood``, or by those given."""
    logics = {"mood": MOOD} if logics is None else logics
    sources: Sequence[Source] = more.pop("sources", [Source("things", "test-data", None, len(things))])
    types = more.pop("types", TYPES)
    analyzer = analyzer_of(root, {**types, **{f"ce/{name}/prod.logic.yaml": logic for name, logic in logics.items()}})
    names = {name: f"Policy {name}" for name in logics} | (names or {})
    selection = Selection(
        tuple(program_of(analyzer, f"/ce/{name}/prod.logic.yaml") for name in sorted(logics)),
        set_aside=more.pop("set_aside", ()),
        policies={f"/ce/{name}": PolicyView(f"/ce/{name}", f"Full {shown}", shown) for name, shown in names.items()},
        types={name: analyzer.object_type(name) for name in (THING, OWNER)},
    )
    return evaluate_objects(Inventory(sources, {THING: list(things)} if things else {}), selection, today=TODAY, **more)


@contextmanager
def stored_evaluation(root: Path, *things: CloudObject, **more: Any) -> Iterator[Evaluation]:
    """Yield the same judgement as :func:`evaluate`, of a store with the things."""
    times = {name: more[name] for name in ("snapshot_time",) if name in more}
    held = evaluate(root / "repository", *map(_with_names, things), types=_STORED_TYPES, **more)
    store = Store(root / "store")
    with store.writing() as run, opened(directories=[store.directory], spill=run.temporary) as connection:
        importing = Importing(run, connection, declared=lambda name: held.selection.types.get(name) or ObjectType(name))
        importing.add_inventory(held.inventory, contradiction=contradiction)
        snapshot = importing.commit()
    with evaluate_snapshot(snapshot, held.selection, today=TODAY, **times) as evaluation:
        yield evaluation


def _with_names(one: CloudObject) -> CloudObject:
    """Return a thing with its names and its owner among its fields, and those of its variants."""
    owner = {OWNER_LOOKUP: {"Id": one.master.id, "Name": one.master.name}} if one.master else {}
    named = {"Name": one.name, EXTERNAL_ID: one.external_id, **owner}
    variants = tuple(variant._replace(fields={**variant.fields, **named}) for variant in one.variants)
    return one._replace(fields={**one.fields, **named}, variants=variants)


def printed(evaluation: Evaluation, *, width: int = 80, encoding: str = "utf-8", limit: int = 20, colour: bool = False) -> str:
    """Return what a terminal shows of a judgement."""
    bytes_ = io.BytesIO()
    stream = io.TextIOWrapper(bytes_, encoding=encoding, newline="")
    colours = "standard" if colour else None
    console = Console(file=stream, width=width, force_terminal=colour, color_system=colours, legacy_windows=False, _environ={})
    print_report(evaluation, console, limit=limit)
    stream.flush()
    return bytes_.getvalue().decode(encoding)


def without_styles(text: str) -> str:
    """Return a terminal's text without the escape sequences that style it."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)
