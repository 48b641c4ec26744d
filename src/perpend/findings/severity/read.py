"""Read ``ratings/*.yaml``: each entry is valid, or has a diagnostic."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.phrases import shorten
from perpend.core.values.age import age_from_text
from perpend.findings.severity.levels import SeverityLevel
from perpend.findings.severity.rules import UNUSABLE
from perpend.findings.waivers.entries import MOST, EntriesRead, is_whole
from perpend.language.syntax.decision_shapes import RATINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from perpend.core.diagnostics.model import Diagnostic, Span
    from perpend.language.syntax.files import Files
    from perpend.language.syntax.read import Fields

FOLDER: Final = "ratings"
"""The directory of the files, from the repository's root."""

_LONGEST: Final = 500
_VECTOR: Final = re.compile(r"[A-Za-z]{1,8}:[A-Za-z0-9.]{1,8}(/[A-Za-z]{1,8}:[A-Za-z0-9.]{1,8}){0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PolicyRating:
    """The severity of the findings of some policies. ``within`` is the time in which to resolve them."""

    policies: tuple[str, ...]
    level: SeverityLevel
    because: str
    source: str
    vector: str | None
    within: timedelta | None
    span: Span


@dataclass(frozen=True, slots=True)
class SeverityShift:
    """Findings in a scope that are more or less severe by ``steps``; without policies, those of all rated ones.

    ``also`` are patterns of policies, one of which must find the same object incompliant.
    """

    policies: tuple[str, ...]
    scope: Mapping[str, tuple[str, ...]]
    steps: int
    because: str
    source: str
    span: Span
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RatingFiles:
    """The ratings of one directory, and its diagnostics. With any diagnostic, no rating is used.

    ``defaults`` are ratings of the library, for policies that the directory does not rate.
    """

    ratings: tuple[PolicyRating, ...] = ()
    shifts: tuple[SeverityShift, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    defaults: tuple[PolicyRating, ...] = ()


@dataclass(slots=True)
class _RatingsRead(EntriesRead):
    """The reading of all files, with the entries read so far."""

    ratings: list[PolicyRating] = field(default_factory=list)
    shifts: list[SeverityShift] = field(default_factory=list)
    entries: int = 0

    def count(self, fields: Fields) -> None:
        """Count an entry, and reject the first one over the limit."""
        self.entries += 1
        if self.entries == MOST + 1:
            self.refuse(fields.span, f"there are more than {MOST:,} entries")


def ratings_below(files: Files, folder: str) -> RatingFiles:
    """Return the ratings in the YAML files of a directory; ``folder`` is its path from the root, empty for the root."""
    reading = _RatingsRead(files, RATINGS, UNUSABLE)
    for fields in reading.below(folder):
        for record in fields.records("ratings"):
            _read_rating(record, reading)
        for key, direction in (("raise", 1), ("lower", -1)):
            for record in fields.records(key):
                _read_shift(record, direction, reading)
    return RatingFiles(tuple(reading.ratings), tuple(reading.shifts), tuple(reading.diagnostics))


def _read_rating(fields: Fields, reading: _RatingsRead) -> None:
    before = len(reading.diagnostics)
    reading.count(fields)
    policies = reading.listed(fields, "policies")
    _check_texts(fields, reading)
    within, vector = _length(fields, reading), fields.get("vector")
    if vector is not None and not _VECTOR.fullmatch(vector.value):
        reading.refuse(vector.span, f"`{shorten(vector.value)}` is no vector", "metrics with their values, such as `AV:N/AC:L`")
    if len(reading.diagnostics) > before or not is_whole(fields, "policies", "severity", "because", "source"):
        return
    level = SeverityLevel(fields.text("severity"))
    texts = fields.text("because"), fields.text("source")
    reading.ratings.append(PolicyRating(policies, level, *texts, fields.text("vector"), within, fields["severity"].span))


def _read_shift(fields: Fields, direction: int, reading: _RatingsRead) -> None:
    before = len(reading.diagnostics)
    reading.count(fields)
    policies, also, scope = reading.listed(fields, "policies"), reading.listed(fields, "whereAlso"), reading.scope(fields)
    _check_texts(fields, reading)
    if not scope and not also and len(reading.diagnostics) == before:
        reading.refuse(fields.span, "neither `scope` nor `whereAlso` says which findings")
    if len(reading.diagnostics) > before or not is_whole(fields, "by", "because", "source"):
        return
    steps = direction * min(fields.text("by"), len(SeverityLevel))
    texts = fields.text("because"), fields.text("source")
    reading.shifts.append(SeverityShift(policies, scope, steps, *texts, fields["by"].span, also))


def _check_texts(fields: Fields, reading: _RatingsRead) -> None:
    """Reject texts that are too long to show with every finding."""
    for key in ("because", "source"):
        written = fields.get(key)
        if written is not None and len(written.value) > _LONGEST:
            reading.refuse(written.span, f"`{key}` is longer than {_LONGEST} signs")


def _length(fields: Fields, reading: _RatingsRead) -> timedelta | None:
    written = fields.get("resolveWithin")
    if written is None:
        return None
    length = age_from_text(written.value)
    if not length:
        shown = shorten(written.value)
        reading.refuse(written.span, f"`{shown}` is no length of time", "a length of time is written like 2d, 12h or 4w")
    return length
