"""Manifests read back as they were written, and nothing else is taken for one. Their text is what stores on disks hold."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from perpend.core.objects.claims import Claim, Scope
from perpend.core.schema import tables as schema
from perpend.core.schema.tables import ROW, Column, Form, Join, Table
from perpend.inventory.snapshots.manifest import (
    FORMAT,
    Damaged,
    Failure,
    Manifest,
    StoredFile,
    StoredSource,
    checksum_of,
    document_from,
    manifest_from,
    pointer_from,
    pointer_text,
    sealed,
    text_of,
)
from perpend.inventory.snapshots.store import Store
from tests.unit.inventory.snapshots.stored import THING, inventory, write_store

FIRST, SECOND = {THING: [{"Id": "a"}]}, {THING: [{"Id": "a"}, {"Id": "b"}]}
SEEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TABLE = Table(
    "Thing__c",
    "Thing__c",
    {"Id": Column("Id", Form.TEXT), "doc": Column("doc", Form.VARIANT, partial=True, plain=True)},
    {"owner__r": Join("owner__r", "Owner__c", "owner__c", "Id", partial=True)},
    {
        "parts__r": Join("parts__r", "Part__c", "Id", "thing__c", lacking="denied"),
        "x__r": Join("x__r", "Thing__c/x__r[]", ROW, schema.OWNER),
    },
    rows=7,
    contradicted=True,
)
SOURCE = StoredSource(
    "é.json",
    "kind",
    SEEN,
    3,
    ("1", "2"),
    ("eu",),
    (Claim("Thing__c", Scope("1", "eu"), "denied", "x__r"), Claim("", Scope())),
    (0, 3, 2),
)
MANIFEST = Manifest(
    "run",
    SEEN,
    "engine 1",
    (SOURCE, StoredSource("plain", "other")),
    (Failure("bad.json", "no JSON"),),
    {"Thing__c": TABLE, "Empty": Table("Empty")},
    {"Thing__c": (StoredFile("a/b.parquet", "ab" * 32, 9),)},
)
DOCUMENT = {
    "format": 4,
    "run": "run",
    "created": "2026-01-02T03:04:05Z",
    "engine": "engine 1",
    "sources": [
        {
            "name": "é.json",
            "kind": "kind",
            "observed_at": "2026-01-02T03:04:05Z",
            "objects": 3,
            "accounts": ["1", "2"],
            "regions": ["eu"],
            "coverage": [
                {"type_name": "Thing__c", "scope": {"account": "1", "region": "eu"}, "lacking": "denied", "relation": "x__r"},
                {"type_name": "", "scope": {"account": None, "region": None}, "lacking": None, "relation": ""},
            ],
            "lines": [0, 3, 2],
        },
        {
            "name": "plain",
            "kind": "other",
            "observed_at": None,
            "objects": 0,
            "accounts": [],
            "regions": [],
            "coverage": [],
            "lines": None,
        },
    ],
    "failures": [{"source": "bad.json", "reason": "no JSON"}],
    "tables": [
        {
            "name": "Thing__c",
            "type": "Thing__c",
            "rows": 7,
            "contradicted": True,
            "columns": [
                {"name": "Id", "form": "text", "partial": False, "plain": False},
                {"name": "doc", "form": "variant", "partial": True, "plain": True},
            ],
            "lookups": [
                {"name": "owner__r", "table": "Owner__c", "own": "owner__c", "other": "Id", "partial": True, "lacking": None}
            ],
            "children": [
                {
                    "name": "parts__r",
                    "table": "Part__c",
                    "own": "Id",
                    "other": "thing__c",
                    "partial": False,
                    "lacking": "denied",
                },
                {
                    "name": "x__r",
                    "table": "Thing__c/x__r[]",
                    "own": ROW,
                    "other": schema.OWNER,
                    "partial": False,
                    "lacking": None,
                },
            ],
            "files": [{"path": "a/b.parquet", "sha256": "ab" * 32, "size": 9}],
        },
        {
            "name": "Empty",
            "type": "",
            "rows": 0,
            "contradicted": False,
            "columns": [],
            "lookups": [],
            "children": [],
            "files": [],
        },
    ],
}


def test_a_manifest_is_written_as_the_format_says():
    found = json.loads(text_of(MANIFEST))
    checksum, content_hash = found.pop("checksum"), found.pop("contentHash")
    assert DOCUMENT == found
    assert MANIFEST.content_hash == content_hash
    canonical = json.dumps({**found, "contentHash": content_hash}, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == checksum == checksum_of(text_of(MANIFEST))


def test_a_manifest_is_text_for_people_too():
    text = text_of(MANIFEST)
    assert text.startswith('{\n "format": 4,\n "run": "run",\n') and text.endswith('"\n}\n')
    assert '"é.json"' in text


def test_a_manifest_reads_back_as_it_was_written():
    assert replace(MANIFEST, files={**MANIFEST.files, "Empty": ()}) == manifest_from(text_of(MANIFEST))


def test_the_hash_of_the_content_is_fixed():
    """What is kept of a snapshot, beside it, is found by it."""
    assert "364a8ae99882" == MANIFEST.content_hash[:12]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"run": "other", "created": SEEN + timedelta(1), "engine": "2", "failures": ()}, True),
        ({"sources": (replace(SOURCE, name="a", kind="b", objects=1, accounts=(), regions=()), MANIFEST.sources[1])}, True),
        ({"sources": (replace(SOURCE, observed_at=SEEN.astimezone(timezone(timedelta(hours=2)))), MANIFEST.sources[1])}, True),
        ({"tables": dict(reversed(MANIFEST.tables.items()))}, True),
        ({"sources": MANIFEST.sources[:1]}, False),
        ({"sources": MANIFEST.sources[::-1]}, False),
        ({"sources": (replace(SOURCE, observed_at=None), MANIFEST.sources[1])}, False),
        ({"sources": (replace(SOURCE, coverage=()), MANIFEST.sources[1])}, False),
        ({"files": {"Thing__c": (StoredFile("other", "ab" * 32, 9),)}}, True),
        ({"files": {"Thing__c": (StoredFile("a/b.parquet", "cd" * 32, 9),)}}, False),
        ({"files": {"Thing__c": (StoredFile("a/b.parquet", "ab" * 32, 8),)}}, False),
        ({"files": {}}, False),
        ({"tables": {"Thing__c": TABLE}}, False),
        ({"tables": {**MANIFEST.tables, "Empty": Table("Empty", rows=1)}}, False),
    ],
)
def test_the_hash_of_the_content_is_about_tables_and_claims_alone(changes: dict[str, Any], same: bool):
    assert same == (MANIFEST.content_hash == replace(MANIFEST, **changes).content_hash)


def changed(**changes: Any) -> str:
    return sealed({**DOCUMENT, **changes})


def leading(path: str) -> str:
    """Return a manifest with a table whose file is said to be somewhere else."""
    [first, *others] = DOCUMENT["tables"]
    return changed(tables=[{**first, "files": [{"path": path, "sha256": "0" * 64, "size": 1}]}, *others])


NEWER = "it was written by a newer version of Perpend (format 5; this version reads 4): upgrade Perpend"
EARLIER = (
    "it was written by an earlier version of Perpend (format 3; this version reads 4): "
    "import the inputs again with `perpend import INPUT… --store NEW`; the history starts again"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON: truncated or damaged"),
        ("[" * 100_000, "it is not JSON: truncated or damaged"),
        ("[1]", "it is not a manifest"),
        ("{}", "it is not a manifest"),
        ('{"format": "2"}', "it is not a manifest"),
        ('{"format": 5}', NEWER),
        (changed(format=3), EARLIER),
        (changed(format=1), EARLIER.replace("format 3", "format 1")),
        ('{"format": 4}', "its checksum does not match: it was edited or damaged"),
        ('{"format": 4, "checksum": null}', "its checksum does not match: it was edited or damaged"),
        (sealed({"format": 4}), "it is not a manifest"),
        (changed(created="yesterday"), "it is not a manifest"),
        (changed(created=None), "it is not a manifest"),
        (changed(failures=[{"source": "x"}]), "it is not a manifest"),
        (changed(sources=None), "it is not a manifest"),
        (
            changed(tables=[{**DOCUMENT["tables"][1], "columns": [{"name": "x", "form": "odd"}]}]),
            "it is not a manifest",
        ),
        (leading("/etc/passwd"), "it is not a manifest"),
        (leading("../x.parquet"), "it is not a manifest"),
        (leading("inventory/../../x.parquet"), "it is not a manifest"),
    ],
)
def test_what_is_no_manifest_is_refused_with_the_reason(text: str, reason: str):
    with pytest.raises(Damaged) as raised:
        manifest_from(text)
    assert reason == str(raised.value)


@pytest.mark.parametrize("missing", ["run", "created", "engine", "sources", "failures", "tables"])
def test_a_manifest_holds_everything(missing: str):
    with pytest.raises(Damaged, match=r"^it is not a manifest$"):
        manifest_from(sealed({key: value for key, value in DOCUMENT.items() if key != missing}))


def test_the_pointer_names_a_run_and_the_checksum_of_its_manifest():
    text = pointer_text("run", "sum")
    assert ("run", "sum") == pointer_from(text)
    assert {"format": FORMAT, "run": "run", "manifest": "sum"} == {
        key: value for key, value in json.loads(text).items() if key != "checksum"
    }
    for missing in ("run", "manifest"):
        with pytest.raises(Damaged, match=r"^it does not name a snapshot$"):
            pointer_from(sealed({key: value for key, value in document_from(text).items() if key not in ("checksum", missing)}))


def test_the_same_content_has_the_same_hash(tmp_path):
    one, other = write_store(tmp_path / "1", inventory(FIRST)), write_store(tmp_path / "2", inventory(FIRST, "other.json"))
    assert one.content_hash == other.content_hash
    assert one.content_hash != write_store(tmp_path / "3", inventory(SECOND)).content_hash


def test_claims_are_part_of_the_content(tmp_path):
    found = [
        write_store(tmp_path / str(number), inventory(FIRST, claims=claims)).content_hash
        for number, claims in enumerate(([], [Claim(THING)], [Claim(THING, Scope("a"))], [Claim(THING, lacking="denied")]))
    ]
    assert 4 == len(set(found))


def test_the_manifest_of_a_store_reads_back_as_it_was_written(tmp_path):
    write_store(tmp_path, inventory({THING: [{"Id": "a", "n": 1, "owner__r": None, "x__r": [{"y": "{}"}]}]}))
    [manifest] = Store(tmp_path).snapshots()
    assert manifest == manifest_from(text_of(manifest))


def test_times_are_written_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch):
    expected = text_of(MANIFEST)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert expected == text_of(MANIFEST)
    finally:
        monkeypatch.undo()
        time.tzset()
