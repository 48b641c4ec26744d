"""Send findings in ASFF to Security Hub in batches, only those that are new or changed. A file remembers what was sent.

A finding is sent if it differs from the last time, or before Security Hub would delete it. One that passes or does not apply
is not sent unless it was sent before. A finding that was sent before and is missing now is left as it is: a missing finding
is not a resolved one.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CallRefused
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.protocol import CannotPush, PushResult
from perpend.core.commit import Journal
from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TextIO

    from perpend.collectors.aws.client import CloudClient

    Send = Callable[[list[dict[str, Any]]], Mapping[str, Any]]

BATCH: Final = 100
"""The maximum of findings in one call of BatchImportFindings."""

_BATCH_BYTES: Final = 5_500_000
_REFRESH: Final = timedelta(days=60)
"""When to send an unchanged finding again. Security Hub deletes findings that were not updated for 90 days."""

_TIMES: Final = ("CreatedAt", "FirstObservedAt", "LastObservedAt", "UpdatedAt")
_NO_NEWS: Final = ("PASSED", "NOT_AVAILABLE")
_HEAD: Final = '["perpend-asff-sent-1"]'


_IMPORT: Final = CloudCall("BatchImportFindings", "securityhub", "BatchImportFindings", holds="SuccessCount")


class UnusableFindings(CannotPush):
    """A file does not hold findings in ASFF, or the record of sent findings is not usable."""


@dataclass(frozen=True, slots=True)
class SentFinding:
    """The last version of a finding that was sent: its hash, when it was sent, and when the first version was created."""

    digest: str
    at: str
    created: str


class SentRecord:
    """The findings that were sent, in a journal of JSON lines. A batch is added after the service accepted it.

    A line that was cut off counts as not sent. Raises UnusableFindings if the file is something else, or if another process
    sends with it. ``read_only``: the file is neither created nor locked.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._known: dict[str, SentFinding] = {}
        self._journal: Journal | None = None
        if path.exists():
            with path.open("rb") as stream:
                if not f"{_HEAD}\n".encode().startswith(stream.read(len(_HEAD) + 1)):
                    raise UnusableFindings(f"{path}: not a record of sent findings, or one of a newer version")
                if read_only:
                    self._read(stream)
        if not read_only:
            try:
                self._journal = Journal(path)
            except BlockingIOError:
                raise UnusableFindings(f"{path}: another process sends findings with this record") from None
            if not self._read(self._journal.lines()):
                self._journal.append(_HEAD)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, finding_id: str) -> SentFinding | None:
        """Return the last version of a finding that was sent, None if it was never sent."""
        return self._known.get(finding_id)

    def add(self, findings: Mapping[str, SentFinding]) -> None:
        """Record a batch that was accepted."""
        assert self._journal is not None
        for name, sent in findings.items():
            self._journal.append(json.dumps([name, sent.digest, sent.at, sent.created]))
        self._known.update(findings)

    def close(self) -> None:
        """Close the file, and let other processes use it."""
        if self._journal is not None:
            self._journal.close()

    def _read(self, lines: Iterable[bytes]) -> bool:
        """Read all lines. Return whether there is one."""
        is_begun = False
        for line in lines:
            is_begun = True
            if sent := _sent_finding(line):
                self._known[sent[0]] = sent[1]
        return is_begun


def _sent_finding(line: bytes) -> tuple[str, SentFinding] | None:
    try:
        name, digest, at, created = json.loads(line)
        datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    return name, SentFinding(digest, at, str(created))


@dataclass(slots=True)
class SecurityHub:
    """Security Hub in the account and region of a client."""

    client: CloudClient
    _account: str = ""

    @property
    def account(self) -> str:
        """The account of the credentials. Raises CannotPush."""
        if not self._account:
            try:
                answer = next(iter(self.client.pages(CALLS["sts.identity"], self.client.region, {})))
            except CallRefused as error:
                raise CannotPush(f"AWS did not return the account of the credentials: {error.refusal.code}") from None
            self._account = str(answer["Account"])
        return self._account

    @property
    def region(self) -> str:
        """The region of the client."""
        return self.client.region

    def push(self, lines: TextIO, name: str, record: Path, *, dry_run: bool = False) -> PushResult:
        """Send the account's findings that are new or changed. Raises CannotPush."""
        foreign = 0

        def own() -> Iterator[dict[str, Any]]:
            nonlocal foreign
            for finding in findings_in(lines, name):
                if finding["AwsAccountId"] == self.account:
                    yield finding
                else:
                    foreign += 1

        def send(batch: list[dict[str, Any]]) -> Mapping[str, Any]:
            return next(iter(self.client.pages(_IMPORT, self.region, {"Findings": batch})))

        try:
            with closing(SentRecord(record, read_only=dry_run)) as sent:
                result = push_findings(own(), sent, None if dry_run else send, region=self.region)
        except CallRefused as error:
            reason = f"{error.refusal.code}: {error.refusal.message}"
            raise CannotPush(
                f"Security Hub in {self.region} rejected the findings: {reason}; batches that it accepted before are recorded"
            ) from None
        result.foreign = foreign
        return result

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


def push_findings(findings: Iterable[dict[str, Any]], record: SentRecord, send: Send | None, *, region: str) -> PushResult:
    """Send findings that are new or changed to one region, in batches. ``send`` makes one call; without it none is made.

    Each accepted batch is recorded at once: if a call raises, the batches before it stay recorded.
    """
    result, seen = PushResult(), set[str]()
    for batch in _batches(_news(findings, record, result, seen, region)):
        result.calls += 1
        if send is None:
            continue
        answer = send(batch)
        refused = {
            str(failed.get("Id")): f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}"
            for failed in answer.get("FailedFindings", [])
        }
        result.refused |= refused
        sent = {finding["Id"]: SentFinding(_digest(finding), finding["UpdatedAt"], finding["CreatedAt"]) for finding in batch}
        record.add({name: finding for name, finding in sent.items() if name not in refused})
    result.unmentioned = len(record) - sum(record.get(name) is not None for name in seen)
    return result


def _news(
    findings: Iterable[dict[str, Any]], record: SentRecord, result: PushResult, seen: set[str], region: str
) -> Iterator[dict[str, Any]]:
    for finding in findings:
        name = finding["Id"]
        if name in seen:
            raise UnusableFindings(f"the finding {name[:80]} occurs twice")
        seen.add(name)
        sent = _in_region(finding, region)
        known = record.get(name)
        if known is None:
            if sent["Compliance"]["Status"] in _NO_NEWS:
                result.no_news += 1
                continue
            result.new += 1
        elif known.digest != _digest(sent):
            result.changed += 1
        elif datetime.fromisoformat(sent["UpdatedAt"]) - datetime.fromisoformat(known.at) >= _REFRESH:
            result.refreshed += 1
        else:
            result.same += 1
            continue
        # A changed finding keeps the creation time of its first version.
        yield {**sent, "CreatedAt": known.created} if known else sent


def _in_region(finding: dict[str, Any], region: str) -> dict[str, Any]:
    parts = finding["ProductArn"].split(":")
    return {**finding, "ProductArn": ":".join([*parts[:3], region, *parts[4:]])}


def _digest(finding: Mapping[str, Any]) -> str:
    """Return a hash of a finding without its times."""
    content = {name: value for name, value in finding.items() if name not in _TIMES}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


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
    """Yield the findings of a file that ``check --format asff`` wrote, one a line. Raises UnusableFindings for another file."""
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
    """Whether a value has the members that are read here. Security Hub checks the others."""
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
