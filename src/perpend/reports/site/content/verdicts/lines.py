"""The output of ``perpend check --format ndjson`` or ``json``, line by line, into a tally. Keeps places, not lines."""

from __future__ import annotations

import json
from array import array
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from perpend.reports.site.content.page import STATUSES
from perpend.reports.site.content.verdicts.tally import (
    NO_ACCOUNT,
    EvaluatedObject,
    InvalidVerdicts,
    Observed,
    ObservedSource,
    reject_filtered,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perpend.reports.site.content.verdicts.tally import Tally

_LONGEST_LINE: Final = 16 * 1024 * 1024
_MOST_SOURCES: Final = 5_000
_LIST: Final = b'"verdicts":['
_BY_OBJECT: Final = b'{"verdicts":{'
_FORMS: Final = "`perpend check --format ndjson` or `json`"


def read_lines(path: Path, tally: Tally) -> None:
    """Read a file of verdicts. Raise :class:`InvalidVerdicts`, with the line, for other content, and ``OSError``."""
    with path.open("rb") as stream:
        shared = _read_shared(stream, path)
        # Lines of objects need the texts of the first line, so they are no use in separate files.
        tally.book.path = path if shared is None else None
        number, place, declared = (
            _read_head(stream, path, tally) if shared is None else (1, 0, None if any(shared.texts.values()) else 0)
        )
        closed, taken = not number or shared is not None, 0
        for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
            number += 1
            if not closed and line.startswith(b"]"):
                closed = True
                break
            for record in _records(line.rstrip(b",\r\n"), f"{path}:{number}", shared):
                _take(tally, record, place)
                taken += 1
            place += len(line)
    if not closed:
        raise InvalidVerdicts(f"{path}:{number}: is cut off: the end of its verdicts is missing")
    if declared is None and not taken:
        raise InvalidVerdicts(f"{path}: has no verdicts, as after a failed check; with --format json an empty result is clear")
    if declared is not None and declared != taken:
        raise InvalidVerdicts(f"{path}: holds {taken:,} of {declared:,} verdicts: write the file again")


class _Shared(NamedTuple):
    """The first line of a file with a line for each object: texts by policy and index, and the fields of each policy."""

    texts: dict[str, Any]
    reads: dict[str, Any]


def _read_shared(stream: IO[bytes], path: Path) -> _Shared | None:
    """Return the first line of ``--by object``, None if there is no such line."""
    first = stream.readline(_LONGEST_LINE)
    if not first.startswith(_BY_OBJECT):
        stream.seek(0)
        return None
    try:
        stated = json.loads(first)
    except (ValueError, RecursionError):
        raise InvalidVerdicts(f"{path}:1: is not a first line of `perpend check --format ndjson --by object`") from None
    _reject_filtered_head(path, stated.get("filter"))
    texts, reads = (stated.get(key) if isinstance(stated.get(key), dict) else {} for key in ("verdicts", "reads"))
    return _Shared(texts or {}, reads or {})


def _read_head(stream: IO[bytes], path: Path, tally: Tally) -> tuple[int, int, int | None]:
    """Read the head of a JSON document. Return the lines and bytes before its verdicts (0 for NDJSON) and the declared count.

    The count is None if the head does not declare it.
    """
    first = stream.readline(_LONGEST_LINE)
    if not first.startswith(b'{"ledger":'):
        stream.seek(0)
        return 0, 0, None
    head, number = first, 1
    while not head.rstrip().endswith(_LIST):
        line = stream.readline(_LONGEST_LINE)
        if not line or len(head) > _LONGEST_LINE:
            raise InvalidVerdicts(f"{path}:{number}: is not an output of {_FORMS}: no verdicts, one a line")
        head, number = head + line, number + 1
    try:
        stated = json.loads(head + b"]}")
    except (ValueError, RecursionError):
        raise InvalidVerdicts(f"{path}:1: is not an output of {_FORMS}: not JSON") from None
    _reject_filtered_head(path, stated.get("filter"))
    tally.book.observed = _observed(stated.get("snapshot"))
    ledger = stated["ledger"]
    declared = ledger.get("verdicts") if isinstance(ledger, dict) else None
    return number, len(head), declared if isinstance(declared, int) else None


def _reject_filtered_head(path: Path, stated: object) -> None:
    """Raise :class:`InvalidVerdicts` if the head of a file names a filter of its verdicts."""
    reject_filtered(str(path), stated.get("options", stated) if isinstance(stated, dict) else stated)


def _observed(stated: object) -> Observed:
    if not isinstance(stated, dict):
        return Observed()
    sources = stated.get("sources") if isinstance(stated.get("sources"), list) else []
    observed = tuple(
        ObservedSource(
            text_of(source.get("name")),
            text_of(source.get("kind")),
            text_of(source.get("observedAt")),
            source["objects"] if isinstance(source.get("objects"), int) else 0,
            tuple(map(text_of, source["accounts"])) if isinstance(source.get("accounts"), list) else (),
        )
        for source in (sources or [])[:_MOST_SOURCES]
        if isinstance(source, dict)
    )
    return Observed(text_of(stated.get("time")), stated.get("assumed") is True, observed)


def _records(line: bytes, where: str, shared: _Shared | None) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of a line: none if it is blank, several if it is the line of an object."""
    if not line.strip():
        return
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidVerdicts(f"{where}: is not a line of {_FORMS}: not JSON") from None
    if shared is None or not isinstance(record, dict) or not isinstance(record.get("verdicts"), list):
        yield _record(record, where)
        return
    for verdict in record["verdicts"]:
        of_object = _record({**verdict, "object": record.get("object")} if isinstance(verdict, dict) else None, where)
        by_index, reads = shared.texts.get(of_object["policyId"]), shared.reads.get(of_object["policyId"])
        texts = by_index.get(str(of_object.get("conditionIndex"))) if isinstance(by_index, dict) else None
        yield {**(texts if isinstance(texts, dict) else {}), **of_object, "references": _references(record, reads)}


def _record(record: object, where: str) -> dict[str, Any]:
    """Return a verdict. Raise :class:`InvalidVerdicts` if it is none."""
    if (
        not isinstance(record, dict)
        or not isinstance(record.get("object"), dict)
        or not isinstance(record.get("policyId"), str)
        or record.get("status") not in STATUSES
    ):
        raise InvalidVerdicts(f"{where}: is not a line of {_FORMS}: no policyId, status and object")
    reject_filtered(where, record.get("filter"))
    return record


def _references(record: dict[str, Any], reads: object) -> list[dict[str, Any]]:
    """Return the fields of an object that a policy reads."""
    fields = record.get("fields")
    wanted = [
        (read.get("field"), read.get("label")) for read in (reads if isinstance(reads, list) else ()) if isinstance(read, dict)
    ]
    of_object = {
        (text_of(field.get("field")), text_of(field.get("label"))): field
        for field in (fields if isinstance(fields, list) else ())
        if isinstance(field, dict)
    }
    return [of_object[text_of(path), text_of(label)] for path, label in wanted if (text_of(path), text_of(label)) in of_object]


def _take(tally: Tally, record: dict[str, Any], place: int) -> None:
    policy_id, status, cloud_object = record["policyId"], record["status"], record["object"]
    index, text = record.get("conditionIndex"), record.get("conditionText")
    number = index if isinstance(index, int) else 0
    type_name = text_of(cloud_object.get("typeApiName"))
    if not tally.add(policy_id, status, number, type_name=type_name, text=text if isinstance(text, str) else None):
        return
    account = _account(cloud_object)
    tally.add_account(account, status)
    listed = tally.listed(policy_id, status)
    if (policy_id, status) in tally.book.objects:
        tally.book.places.setdefault((policy_id, status), array("Q")).append(place)
    if listed is not None:
        listed.append(_evaluated_object(record, cloud_object, account, number))


def _account(cloud_object: dict[str, Any]) -> str:
    master = cloud_object["master"] if isinstance(cloud_object.get("master"), dict) else {}
    account = text_of(master.get("name") or master.get("externalId") or master.get("id")) or NO_ACCOUNT
    stated = cloud_object.get("account")
    return f"{text_of(stated['name'])} ({account})" if isinstance(stated, dict) and stated.get("name") else account


def _evaluated_object(record: dict[str, Any], cloud_object: dict[str, Any], account: str, index: int) -> EvaluatedObject:
    references = record.get("references")
    return EvaluatedObject(
        text_of(cloud_object.get("id")),
        text_of(cloud_object.get("name")),
        text_of(cloud_object.get("externalId")),
        account,
        index,
        text_of(record.get("currentStateMessage")),
        text_of(record.get("remediationMessage")),
        tuple(
            (text_of(reference.get("label") or reference.get("field")), text_of(reference.get("value")))
            for reference in (references if isinstance(references, list) else ())
            if isinstance(reference, dict)
        ),
    )
