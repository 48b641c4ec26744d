"""Findings of ASFF in, those that Security Hub has to hear of sent to it in batches. What was sent is remembered in a file.

A finding is sent when it says something else than last time, or when nothing was heard of it for so long that it would expire.
One that passes, or does not apply, and was never sent, is no news. What was sent before and is not mentioned now is left as it
is: silence does not settle anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Send = Callable[[list[dict[str, Any]]], Mapping[str, Any]]

BATCH: Final = 100
"""How many findings BatchImportFindings takes at once."""

_BATCH_BYTES: Final = 5_500_000
_REFRESH: Final = timedelta(days=60)
"""After how long a finding that did not change is sent again: Security Hub deletes what it hears nothing of for 90 days."""

_TIMES: Final = ("CreatedAt", "FirstObservedAt", "LastObservedAt", "UpdatedAt")
_NO_NEWS: Final = ("PASSED", "NOT_AVAILABLE")
_ARN_COLONS: Final = 5
_STATE: Final = "perpend-asff-sent-1"


class UnusableFindings(PerpendError):
    """A file that holds no findings of ASFF, or a record of what was sent that cannot be used."""


@dataclass(frozen=True, slots=True)
class SentFinding:
    """What was last said of a finding: a hash of it, when, and since when it is known to Security Hub."""

    said: str
    at: str
    created: str


@dataclass(slots=True)
class Pushed:
    """How many findings were sent, why not the others, and what Security Hub refused, by reason."""

    new: int = 0
    changed: int = 0
    refreshed: int = 0
    same: int = 0
    no_news: int = 0
    unmentioned: int = 0
    calls: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """How many Security Hub took."""
        return self.new + self.changed + self.refreshed - len(self.refused)


class SentRecord:
    """What was sent, in a file of JSON lines that each batch is added to once it was taken; a torn line counts as unsent."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, SentFinding] = {}
        self._whole = True
        self._read()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, finding_id: str) -> SentFinding | None:
        """Return what was last said of a finding, None where nothing was."""
        return self._known.get(finding_id)

    def add(self, findings: Mapping[str, SentFinding]) -> None:
        """Remember a batch that was taken."""
        lines = [json.dumps([name, sent.said, sent.at, sent.created]) for name, sent in findings.items()]
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "a", encoding="ascii", newline="") as stream:
            opening = f'["{_STATE}"]\n' if is_new else "" if self._whole else "\n"
            stream.write(opening + "".join(f"{line}\n" for line in lines))
            stream.flush()
            os.fsync(stream.fileno())
        self._whole = True
        self._known.update(findings)

    def _read(self) -> None:
        try:
            kept = self._path.open(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return
        with kept as stream:
            if stream.readline() != f'["{_STATE}"]\n':
                raise UnusableFindings(f"{self._path}: not a record of what was sent, or one of a newer version")
            for line in stream:
                self._whole = line.endswith("\n")
                if remembered := _remembered(line):
                    self._known[remembered[0]] = remembered[1]


def _remembered(line: str) -> tuple[str, SentFinding] | None:
    try:
        name, said, at, created = json.loads(line)
        datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    return name, SentFinding(said, at, str(created))


def push_findings(findings: Iterable[dict[str, Any]], record: SentRecord, send: Send | None, *, region: str) -> Pushed:
    """Send what is news, in batches, into one region. ``send`` makes one call and returns the answer; without it none is made.

    What was taken is remembered batch by batch: where a call raises, the batches before it are.
    """
    pushed, seen = Pushed(), set[str]()
    for batch in _batches(_news(findings, record, pushed, seen, region)):
        pushed.calls += 1
        if send is None:
            continue
        answer = send(batch)
        refused = {
            str(failed.get("Id")): f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}"
            for failed in answer.get("FailedFindings", [])
        }
        pushed.refused |= refused
        taken = {finding["Id"]: SentFinding(_said(finding), finding["UpdatedAt"], finding["CreatedAt"]) for finding in batch}
        record.add({name: sent for name, sent in taken.items() if name not in refused})
    pushed.unmentioned = len(record) - sum(record.get(name) is not None for name in seen)
    return pushed


def _news(
    findings: Iterable[dict[str, Any]], record: SentRecord, pushed: Pushed, seen: set[str], region: str
) -> Iterator[dict[str, Any]]:
    for finding in findings:
        name = finding["Id"]
        if name in seen:
            raise UnusableFindings(f"the finding {name[:80]} occurs twice")
        seen.add(name)
        told = _in_region(finding, region)
        known = record.get(name)
        if known is None:
            if told["Compliance"]["Status"] in _NO_NEWS:
                pushed.no_news += 1
                continue
            pushed.new += 1
        elif known.said != _said(told):
            pushed.changed += 1
        elif datetime.fromisoformat(told["UpdatedAt"]) - datetime.fromisoformat(known.at) >= _REFRESH:
            pushed.refreshed += 1
        else:
            pushed.same += 1
            continue
        # What Security Hub has heard of since some day was not created today.
        yield {**told, "CreatedAt": known.created} if known else told


def _in_region(finding: dict[str, Any], region: str) -> dict[str, Any]:
    parts = finding["ProductArn"].split(":")
    return {**finding, "ProductArn": ":".join([*parts[:3], region, *parts[4:]])}


def _said(finding: Mapping[str, Any]) -> str:
    """Return a hash of all that a finding says except of when."""
    said = {name: value for name, value in finding.items() if name not in _TIMES}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _batches(findings: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for finding in findings:
        length = len(json.dumps(finding))
        if batch and (len(batch) == BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(finding)
        size += length
    if batch:
        yield batch


def findings_in(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """Yield the findings of a file as ``check --format asff`` writes it: one a line. Raises UnusableFindings for any other."""
    rows = iter(lines)
    if next(rows, "") != '{"Findings":[\n':
        raise UnusableFindings(f"{name}: not findings as `perpend check --format asff` writes them")
    for number, row in enumerate(rows, 2):
        if row.rstrip("\n") == "]}":
            if next(rows, None) is None:
                return
            break
        try:
            finding = json.loads(row.rstrip("\n").removesuffix(","))
        except ValueError:
            raise UnusableFindings(f"{name}:{number}: not a finding in JSON") from None
        if not _is_finding(finding):
            raise UnusableFindings(f"{name}:{number}: not a finding of Security Hub")
        yield finding
    raise UnusableFindings(f"{name}: ends before its end")


def _is_finding(finding: Any) -> bool:
    """Whether a value has what is looked at here; Security Hub looks at the rest."""
    if not isinstance(finding, dict) or not isinstance(finding.get("Compliance"), dict):
        return False
    try:
        datetime.fromisoformat(finding["UpdatedAt"])
        texts = [finding["Id"], finding["ProductArn"], finding["CreatedAt"], finding["AwsAccountId"]]
    except (KeyError, TypeError, ValueError):
        return False
    return (
        all(isinstance(one, str) for one in (*texts, finding["Compliance"].get("Status")))
        and finding["ProductArn"].count(":") == 5
    )
