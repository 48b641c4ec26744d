"""Read ``waivers/*.yaml``: each waiver and attestation is valid, or has a diagnostic."""

from __future__ import annotations

import re
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.findings.waivers.entries import MOST, EntriesRead, is_whole
from perpend.findings.waivers.rules import UNUSABLE
from perpend.language.syntax.decision_shapes import WAIVERS
from perpend.language.syntax.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.syntax.read import Fields

FOLDER: Final = "waivers"
"""The directory of the files, from the repository's root."""

ATTESTED_DAYS: Final = 90
"""How many days an attestation holds at most."""

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)
"""What an id looks like."""

_MOST_VALUES: Final = 1_000

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WaiverValue:
    """The value of a policy's parameter when a waiver was written."""

    policy: str
    name: str
    value: int | str | tuple[int, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiver:
    """An acceptance of findings. ``scope`` holds lists by key, a missing key means all; ``until`` is None for ever.

    ``limit`` is None for any number of findings. ``parameters`` are empty if the values were not recorded.
    """

    id: str
    policies: tuple[str, ...]
    scope: Mapping[str, tuple[str, ...]]
    statuses: tuple[str, ...]
    kind: str
    reason: str
    owner: str
    limit: int | None
    until: date | None
    begins: date | None
    approved_by: str | None
    ticket: str | None
    span: Span
    parameters: tuple[WaiverValue, ...] = ()

    def exceeds_limit(self, number: int) -> bool:
        """Whether a waiver of so many findings covers none."""
        return self.limit is not None and number > self.limit


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement by a person that a policy which cannot be automated is met."""

    id: str
    policy: str
    reason: str
    owner: str
    evidence: str
    begins: date
    until: date
    approved_by: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class WaiverFiles:
    """The waivers of one directory, and its diagnostics. With any diagnostic, no waiver is used."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    approvers: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class _WaiversRead(EntriesRead):
    """The reading of all files, with the entries and ids so far."""

    waivers: list[Waiver] = field(default_factory=list)
    attestations: list[Attestation] = field(default_factory=list)
    approvers: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def waivers_below(files: Files, folder: str) -> WaiverFiles:
    """Return the waivers in the YAML files of a directory; ``folder`` is its path from the root, empty for the root."""
    reading = _WaiversRead(files, WAIVERS, UNUSABLE)
    return _found(reading, reading.below(folder))


def waivers_of(files: Files, path: str) -> WaiverFiles:
    """Return the waivers of one file; ``path`` is its path from the root."""
    reading = _WaiversRead(files, WAIVERS, UNUSABLE)
    return _found(reading, reading.at(path))


def waivers_in(text: str, name: str) -> WaiverFiles:
    """Return the waivers of a text; ``name`` is its name in diagnostics."""
    reading = _WaiversRead(Files(Path()), WAIVERS, UNUSABLE)
    return _found(reading, reading.of_text(text, name))


def _found(reading: _WaiversRead, files: Iterable[Fields]) -> WaiverFiles:
    for fields in files:
        # Files that name `approvers` want approval: a list of nobody would drop that without a word.
        reading.approvers.update(reading.listed(fields, "approvers"))
        for record in fields.records("waivers"):
            _read_waiver(record, reading)
        for record in fields.records("attestations"):
            _read_attestation(record, reading)
    return WaiverFiles(
        tuple(reading.waivers), tuple(reading.attestations), frozenset(reading.approvers), tuple(reading.diagnostics)
    )


def _read_waiver(fields: Fields, reading: _WaiversRead) -> None:
    before = len(reading.diagnostics)
    _check_id(fields, reading)
    begins, until = _day(fields, "from", reading), _day(fields, "until", reading)
    _check_end(fields, begins, until, reading)
    policies, scope = reading.listed(fields, "policies"), reading.scope(fields)
    statuses = reading.listed(fields, "statuses") if "statuses" in fields else ("INCOMPLIANT",)
    values = fields.records("parameters")
    if len(values) > _MOST_VALUES:
        reading.refuse(fields.key_spans["parameters"], f"`parameters` lists more than {_MOST_VALUES:,} values")
    if len(reading.diagnostics) > before or not is_whole(fields, "id", "reason", "owner", "kind"):
        return
    reading.waivers.append(
        Waiver(
            fields.text("id"),
            policies,
            scope,
            statuses,
            fields.text("kind"),
            fields.text("reason"),
            fields.text("owner"),
            fields.text("limit"),
            until,
            begins,
            fields.text("approvedBy"),
            fields.text("ticket"),
            fields["id"].span,
            tuple(WaiverValue(value.text("policy"), value.text("name"), value.text("value")) for value in values),
        )
    )


def _read_attestation(fields: Fields, reading: _WaiversRead) -> None:
    before = len(reading.diagnostics)
    _check_id(fields, reading)
    begins, until = _day(fields, "from", reading), _day(fields, "until", reading)
    if "from" not in fields:
        reading.refuse(fields.span, "an attestation says from when on it holds: `from` is missing")
    elif begins is not None and until is not None and not 0 <= (until - begins).days <= ATTESTED_DAYS:
        reading.refuse(fields["until"].span, f"an attestation holds for {ATTESTED_DAYS} days at most, from `from` on")
    evidence = fields.get("evidence")
    if evidence is not None and not re.fullmatch(r"https://[!-~]{1,2000}", evidence.value):
        reading.refuse(evidence.span, "the evidence is no address that begins with `https://`")
    whole = is_whole(fields, "id", "policy", "reason", "owner", "evidence")
    if len(reading.diagnostics) > before or not whole or begins is None or until is None:
        return
    reading.attestations.append(
        Attestation(
            fields.text("id"),
            fields.text("policy"),
            fields.text("reason"),
            fields.text("owner"),
            fields.text("evidence"),
            begins,
            until,
            fields.text("approvedBy"),
            fields["id"].span,
        )
    )


def _check_id(fields: Fields, reading: _WaiversRead) -> None:
    identity = fields.get("id")
    if identity is None:
        return
    if not ID.fullmatch(identity.value):
        reading.refuse(
            identity.span, f"`{shorten(identity.value)}` is no id", "letters, digits, `.`, `_`, `-`; 80 signs at most"
        )
    elif identity.value in reading.ids:
        reading.refuse(identity.span, f"`{identity.value}` is the id of another entry")
    reading.ids.add(identity.value)
    if len(reading.ids) == MOST + 1:
        reading.refuse(identity.span, f"there are more than {MOST:,} entries")


def _day(fields: Fields, key: str, reading: _WaiversRead) -> date | None:
    written = fields.get(key)
    if written is None:
        return None
    try:
        if _DAY.fullmatch(written.value):
            return date.fromisoformat(written.value)
    except ValueError:
        pass
    reading.refuse(written.span, f"`{shorten(written.value)}` is no day", "a day is written like 2026-12-31")
    return None


def _check_end(fields: Fields, begins: date | None, until: date | None, reading: _WaiversRead) -> None:
    """Reject a waiver that ends before it begins, or has no end."""
    forever = bool(fields.text("forever", False))
    if "until" in fields and forever:
        reading.refuse(fields["until"].span, "`until` and `forever` contradict each other")
    elif "until" not in fields and not forever:
        reading.refuse(fields.span, "nothing says until when it holds", "`until: 2026-12-31`")
    elif forever and fields.text("kind") != "accepted-risk":
        reading.refuse(
            fields["forever"].span, "only an accepted risk is waived for ever", "say `until`, or `kind: accepted-risk`"
        )
    if begins is not None and until is not None and until < begins:
        reading.refuse(fields["until"].span, f"ends on {until}, before it begins")
