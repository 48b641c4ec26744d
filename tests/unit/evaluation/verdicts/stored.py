"""The same objects in files and in a store, for tests of evaluation in a store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import CloudObject, Inventory, Origin, Source, object_from_fields
from perpend.evaluation.verdicts.selection import Selection, selection_of
from perpend.inventory.readers.conflicts import contradiction
from perpend.inventory.snapshots.snapshot import Snapshot
from tests.repositories import NAMES, analyzer_of, logic
from tests.unit.evaluation.verdicts.evaluate_objects import THING
from tests.unit.inventory.snapshots.stored import write_store

OTHER = "CA10__CaOther__c"
FIELDS = {
    "Id": "id",
    "Name": "text",
    "CA10__arn__c": "text",
    "CA10__on__c": "checkbox",
    "CA10__at__c": "datetime",
    "CA10__doc__c": "text",
}
KIND = {
    "label": "Thing",
    "fields": {name: {"type": kind, "label": f"The {name}"} for name, kind in FIELDS.items()}
    | {"CA10__owner__c": {"type": "lookup", "label": "Owner", "to": OTHER, "relationship": "CA10__owner__r"}},
    "master": "CA10__owner__r",
    "externalIdField": "CA10__arn__c",
    "nameField": "CA10__called__c",
}
ON = {"FIELD": {"path": "CA10__on__c"}}
OLD = {"IS_BEFORE_TODAY": {"arg": {"FIELD": {"path": "CA10__at__c"}}}}
DOCUMENT = {"JSON_FROM": {"arg": {"FIELD": {"path": "CA10__doc__c"}}, "undeterminedIf": {"isInvalid": "Not JSON."}}}
QUERY = {"arg": DOCUMENT, "expression": "on", "undeterminedIf": {"evaluationError": "failed", "resultTypeMismatch": "odd"}}
FILES: dict[str, Any] = {
    "ce/a/prod.logic.yaml": logic(ON, {"JSON_QUERY_BOOLEAN": QUERY}),
    "ce/b/prod.logic.yaml": logic(ON, input_type=OTHER),
    "ce/c/prod.logic.yaml": logic(OLD),
}
FILES |= {f"{path.rpartition('/')[0]}/policy.yaml": {"names": NAMES} for path in list(FILES)}
FILES[f"types/{THING}/type.yaml"] = KIND
SEEN, DAY = datetime(2026, 1, 9, 12, tzinfo=UTC), datetime(2026, 1, 10, 18, tzinfo=UTC)
OWNER = {"Id": "o", "Name": "Own"}
THINGS = [
    {"Id": "a", "CA10__on__c": True, "CA10__at__c": "2026-01-09T23:00:00Z", "CA10__arn__c": "arn:a", "Name": "A"},
    {"Id": "b", "CA10__on__c": False, "CA10__at__c": "2026-01-10T01:00:00Z", "CA10__doc__c": '{"on": true}'},
    {"Id": "c", "CA10__on__c": False, "CA10__at__c": None, "CA10__doc__c": "{x"},
    {"Id": "d", "CA10__on__c": "odd", "CA10__at__c": "odd", "CA10__doc__c": None},
    {"Id": "e", "CA10__disappearanceTime__c": "2026-01-01T00:00:00Z"},
    {
        "Id": "f",
        "CA10__arn__c": "arn:aws:iam::111122223333:user/f",
        "CA10__on__c": False,
        "CA10__at__c": "2026-01-01T00:00:00Z",
        "CA10__doc__c": '{"on": 5}',
        "CA10__owner__r": OWNER,
    },
]


def rivals(*readings: Mapping[str, Any]) -> CloudObject:
    first, *others = (CloudObject(THING, "g", "g", "g", {"Id": "g", **one}, Origin("b.json", 9)) for one in readings)
    return first._replace(variants=tuple(others))


class Case:
    """The same objects in files and in a store, and who judges them."""

    def __init__(self, root: Path) -> None:
        self.analyzer = analyzer_of(root / "repository", FILES)
        ids = self.analyzer.repository.logic_ids
        self.programs = [self.analyzer.analyzed(one).program for one in ids]
        assert None not in self.programs
        self.selection: Selection = selection_of(self.analyzer, [one for one in self.programs if one])
        kind = self.analyzer.object_type(THING)
        things = [object_from_fields(one, kind, Origin("b.json", row)) for row, one in enumerate(THINGS)]
        things.append(rivals({"CA10__on__c": True}, {"CA10__on__c": False}))
        others = [object_from_fields({"Id": "x", "CA10__on__c": True}, self.analyzer.object_type(OTHER), Origin("a.json", 0))]
        sources = [
            Source("a.json", "test-data", SEEN, 1, coverage=(Claim(OTHER),)),
            Source("b.json", "test-data", None, len(things), ("1", "2")),
        ]
        self.inventory = Inventory(sources, {THING: things, OTHER: others})
        self.snapshot: Snapshot = write_store(
            root / "store", self.inventory, declared=self.analyzer.object_type, contradiction=contradiction
        )
