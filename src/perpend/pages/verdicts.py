"""The lines of ``perpend check --format ndjson`` in, counts and incompliant objects out. Keeps places, not lines."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perpend.errors import PerpendError
from perpend.pages.page import STATUSES, Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SHOWN: Final = 200
"""How many incompliant objects of one policy a page shows; the file beside the page has all of them."""

_LONGEST_LINE: Final = 16 * 1024 * 1024
_ACCOUNTS: Final = 5_000


class NotVerdicts(PerpendError):
    """A file that does not hold the verdicts of a check."""


@dataclass(frozen=True, slots=True)
class IncompliantObject:
    """One incompliant object of one policy."""

    object_id: str
    name: str
    external_id: str
    type_name: str
    account: str
    index: int
    message: str
    remediation: str
    references: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class VerdictBook:
    """What a file of verdicts says, by policy, account and type. ``places`` are the byte offsets of incompliant lines."""

    path: Path
    by_policy: dict[str, list[int]] = field(default_factory=dict)
    by_account: dict[str, list[int]] = field(default_factory=dict)
    by_type: dict[str, list[int]] = field(default_factory=dict)
    findings: dict[str, list[IncompliantObject]] = field(default_factory=dict)
    places: dict[str, array[int]] = field(default_factory=dict)

    def counts(self, policy_ids: Iterable[str]) -> Counts:
        """Return the counts of several policies together."""
        return sum((_counts(self.by_policy, policy_id) for policy_id in policy_ids), Counts())

    def counts_of_type(self, name: str) -> Counts:
        """Return the counts of an object type."""
        return _counts(self.by_type, name)

    def accounts(self) -> tuple[tuple[str, Counts], ...]:
        """Return the counts by account, by name."""
        return tuple((name, _counts(self.by_account, name)) for name in sorted(self.by_account))

    def lines(self, policy_id: str) -> Iterator[bytes]:
        """Yield the incompliant lines of a policy as they stand in the file."""
        with self.path.open("rb") as stream:
            for place in self.places.get(policy_id, ()):
                stream.seek(place)
                yield stream.readline()


def read_verdicts(path: Path) -> VerdictBook:
    """Read a file of verdicts. Raises :class:`NotVerdicts`, with the line, where it is none."""
    book = VerdictBook(path)
    place = 0
    try:
        if path.exists() and not path.is_file():
            raise NotVerdicts(f"{path}: is no regular file; it is read more than once")
        with path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
                _take(book, _record(line, f"{path}:{number}"), place)
                place += len(line)
    except OSError as error:
        raise NotVerdicts(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    return book


def _record(line: bytes, where: str) -> dict[str, Any] | None:
    """Return a line's record, None where the line is blank."""
    if not line.strip():
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise NotVerdicts(f"{where}: is no line of `perpend check --format ndjson`: not JSON") from None
    judged = record.get("object") if isinstance(record, dict) else None
    if not isinstance(judged, dict) or not isinstance(record.get("policyId"), str) or record.get("status") not in STATUSES:
        raise NotVerdicts(f"{where}: is no line of `perpend check --format ndjson`: no policyId, status and object")
    return dict(record)


def _take(book: VerdictBook, record: dict[str, Any] | None, place: int) -> None:
    if record is None:
        return
    policy_id, judged = record["policyId"], record["object"]
    status = STATUSES.index(record["status"])
    master = judged.get("master") if isinstance(judged.get("master"), dict) else {}
    account = _text(master.get("name") or master.get("externalId") or master.get("id")) or "no account"
    said = judged.get("account")
    if isinstance(said, dict) and said.get("name"):
        account = f"{_text(said['name'])} ({account})"
    if account not in book.by_account and len(book.by_account) >= _ACCOUNTS:
        account = "other accounts"
    for counts, key in (
        (book.by_policy, policy_id),
        (book.by_account, account),
        (book.by_type, _text(judged.get("typeApiName"))),
    ):
        counts.setdefault(key, [0] * len(STATUSES))[status] += 1
    if record["status"] != "INCOMPLIANT":
        return
    book.places.setdefault(policy_id, array("Q")).append(place)
    found = book.findings.setdefault(policy_id, [])
    if len(found) < SHOWN:
        found.append(_finding(record, judged, account))


def _finding(record: dict[str, Any], judged: dict[str, Any], account: str) -> IncompliantObject:
    references = record.get("references")
    index = record.get("conditionIndex")
    return IncompliantObject(
        _text(judged.get("id")),
        _text(judged.get("name")),
        _text(judged.get("externalId")),
        _text(judged.get("typeApiName")),
        account,
        index if isinstance(index, int) else 0,
        _text(record.get("currentStateMessage")),
        _text(record.get("remediationMessage")),
        tuple(
            (_text(item.get("label") or item.get("field")), _text(item.get("value")))
            for item in (references if isinstance(references, list) else ())
            if isinstance(item, dict)
        ),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counts(found: dict[str, list[int]], key: str) -> Counts:
    return Counts(tuple(found[key])) if key in found else Counts()
