"""Write and parse manifests: the sources, tables, files and failures of a snapshot.

Every manifest has a checksum of itself, and is rejected if it does not match.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, field, fields
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.objects.claims import Claim, FailedCall, Scope
from perpend.core.objects.inventory import PlannedObject
from perpend.core.schema.tables import Column, Form, Join, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FORMAT: Final = 4
"""The version of the store's layout. Documents of any other version are rejected."""

IMPORT_AGAIN: Final = "import the inputs again with `perpend import INPUT… --store NEW`; the history starts again"
"""How to replace a store of an earlier format."""


class Damaged(ValueError):
    """A document is not a manifest; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredSource:
    """One source of a run. ``observed_at`` is the time of observation (UTC), None if it is unknown.

    ``coverage`` has its claims of completeness. ``lines`` are given if row numbers follow the lines of a file: the row number
    of the first line, the number of lines, and the number of the first line in the file. ``planned`` are the objects of a plan.
    """

    name: str
    kind: str
    observed_at: datetime | None = None
    objects: int = 0
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    coverage: tuple[Claim, ...] = ()
    lines: tuple[int, int, int] | None = None
    planned: tuple[PlannedObject, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A Parquet file: its path below the store's directory, its SHA-256 in hexadecimal, its size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of one snapshot. ``created`` is UTC; ``engine`` names the versions that wrote it.

    ``calls`` are the API calls that failed.
    """

    run: str
    created: datetime
    engine: str
    sources: tuple[StoredSource, ...] = ()
    failures: tuple[Failure, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    files: Mapping[str, tuple[StoredFile, ...]] = field(default_factory=dict)
    calls: tuple[FailedCall, ...] = ()

    @property
    def content_hash(self) -> str:
        """A hash of the stored tables and claims only: equal for runs with equal content."""
        content = [
            [_table_document(table), [[file.sha256, file.size] for file in self.files.get(name, ())]]
            for name, table in sorted(self.tables.items())
        ]
        sources = [[_time_text(source.observed_at), [*map(_claim_document, source.coverage)]] for source in self.sources]
        return _hash([FORMAT, content, sources])


def _members(record: StoredSource | Claim | Scope | StoredFile | Column | Join) -> dict[str, Any]:
    """Return the fields of an object as they are. ``asdict`` copies all below, which takes long for thousands of claims."""
    return {member.name: getattr(record, member.name) for member in fields(record)}


def _claim_document(claim: Claim) -> dict[str, Any]:
    return {**_members(claim), "scope": _members(claim.scope)}


def _source_document(source: StoredSource) -> dict[str, Any]:
    claims = [*map(_claim_document, source.coverage)]
    document = {**_members(source), "observed_at": _time_text(source.observed_at), "coverage": claims}
    return document if source.planned else {name: value for name, value in document.items() if name != "planned"}


def text_of(manifest: Manifest) -> str:
    """Return a manifest as JSON text."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "run": manifest.run,
        "created": _time_text(manifest.created),
        "engine": manifest.engine,
        "contentHash": manifest.content_hash,
        "sources": [*map(_source_document, manifest.sources)],
        "failures": [asdict(failure) for failure in manifest.failures],
        **({"calls": [asdict(call) for call in manifest.calls]} if manifest.calls else {}),
        "tables": [
            {**_table_document(table), "files": [_members(file) for file in manifest.files.get(name, ())]}
            for name, table in manifest.tables.items()
        ],
    }
    return sealed(document)


def manifest_from(text: str) -> Manifest:
    """Parse a manifest. Raises Damaged with the reason."""
    document = document_from(text)
    try:
        tables = {table["name"]: _table_from(table) for table in document["tables"]}
        files = {table["name"]: tuple(map(_file_from, table["files"])) for table in document["tables"]}
        created = _time_from(document["created"])
        assert created is not None
        return Manifest(
            document["run"],
            created,
            document["engine"],
            tuple(map(_source_from, document["sources"])),
            tuple(Failure(**failure) for failure in document["failures"]),
            tables,
            files,
            tuple(FailedCall(**call) for call in document.get("calls", ())),
        )
    except (KeyError, TypeError, ValueError, AssertionError):
        raise Damaged("it is not a manifest") from None


def pointer_text(run: str, checksum: str) -> str:
    """Return the document that names the current snapshot."""
    return sealed({"format": FORMAT, "run": run, "manifest": checksum})


def pointer_from(text: str) -> tuple[str, str]:
    """Return the current snapshot and the checksum of its manifest. Raises Damaged with the reason."""
    document = document_from(text)
    try:
        return str(document["run"]), str(document["manifest"])
    except KeyError:
        raise Damaged("it does not name a snapshot") from None


def checksum_of(text: str) -> str:
    """Return the checksum in a document."""
    return str(document_from(text)["checksum"])


def sealed(document: dict[str, Any]) -> str:
    """Return a document as JSON text with a checksum of itself."""
    return json.dumps({**document, "checksum": _hash(document)}, indent=1, ensure_ascii=False) + "\n"


def document_from(
    text: str, *, version: int = FORMAT, earlier: Collection[int] = (), remedy: str = IMPORT_AGAIN
) -> dict[str, Any]:
    """Parse a document with a format and a checksum. Raises Damaged with the reason.

    Only the formats ``version`` and ``earlier`` are read; ``remedy`` says how to replace a document of another earlier one.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Damaged("it is not JSON: truncated or damaged") from None
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise Damaged("it is not a manifest")
    if (written := document["format"]) != version and written not in earlier:
        which, how = ("a newer", "upgrade Perpend") if written > version else ("an earlier", remedy)
        raise Damaged(f"it was written by {which} version of Perpend (format {written}; this version reads {version}): {how}")
    claimed = document.pop("checksum", None)
    if claimed != _hash(document):
        raise Damaged("its checksum does not match: it was edited or damaged")
    return {**document, "checksum": claimed}


def _table_document(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": table.type_name,
        "rows": table.rows,
        "contradicted": table.contradicted,
        "columns": [_without_empty(_members(column), "members") for column in table.columns.values()],
        "lookups": [_join_document(join) for join in table.lookups.values()],
        "children": [_join_document(join) for join in table.children.values()],
        **({"deletion": table.deletion} if table.deletion else {}),
    }


def _without_empty(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key or value}


def _join_document(join: Join) -> dict[str, Any]:
    return {key: value for key, value in _members(join).items() if key != "scope" or value is not None}


def _table_from(document: dict[str, Any]) -> Table:
    return Table(
        document["name"],
        document["type"],
        {
            column["name"]: Column(
                column["name"], Form(column["form"]), column["partial"], column["plain"], column.get("members", {})
            )
            for column in document["columns"]
        },
        {join["name"]: Join(**join) for join in document["lookups"]},
        {join["name"]: Join(**join) for join in document["children"]},
        document["rows"],
        document["contradicted"],
        document.get("deletion"),
    )


def _file_from(document: dict[str, Any]) -> StoredFile:
    file = StoredFile(**document)
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError  # a path outside of the store
    return file


def _source_from(document: dict[str, Any]) -> StoredSource:
    return StoredSource(
        document["name"],
        document["kind"],
        _time_from(document["observed_at"]),
        document["objects"],
        tuple(document["accounts"]),
        tuple(document["regions"]),
        tuple(map(_claim_from, document["coverage"])),
        _lines_from(document["lines"]),
        tuple(PlannedObject(*one) for one in document.get("planned", ())),
    )


def _lines_from(lines: list[int] | None) -> tuple[int, int, int] | None:
    if lines is None:
        return None
    first_row, number, first_line = map(int, lines)
    return first_row, number, first_line


def _claim_from(document: dict[str, Any]) -> Claim:
    return Claim(document["type_name"], Scope(**document["scope"]), document["lacking"], document["relation"])


def _hash(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _time_text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _time_from(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
