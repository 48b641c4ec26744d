"""What a pack says of itself, as an in-toto statement: its members by their digests, and how it came about.

Text in, text out. A foreign text is taken for what it is only if every part has its form.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.errors import PerpendError
from perpend.core.values.values import json_from_text

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
"""The layout of the statement, by the in-toto attestation framework, version 1."""

PREDICATE_TYPE: Final = "urn:perpend:pack:1"
"""What the statement's predicate means. A later layout has another number."""

MOST: Final = 16 * 1024 * 1024
"""How many bytes of a statement are read."""

_DIGEST: Final = re.compile("[0-9a-f]{64}")


class UnusableStatement(PerpendError):
    """A text that is no statement over a pack."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Digests of members, SHA-256 in hexadecimal, by their names; what the predicate is, and the predicate itself."""

    subjects: Mapping[str, str]
    predicate: Mapping[str, Any]
    predicate_type: str = PREDICATE_TYPE

    @property
    def text(self) -> str:
        """The statement as JSON: always the same text for the same content."""
        document = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(self.subjects.items())],
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        }
        return json.dumps(document, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class RunPacked:
    """What judging a pack again takes: the snapshot, its content's hash, the time, which policies, and how old facts may be.

    ``stated``: somebody said that the estate looked so at that time. ``counted_to`` is what ages are counted to.
    ``frameworks`` are those, or sections of them, that policies were chosen by; ``inherited``: those that reach them, too.
    """

    snapshot: str
    content: str
    time: datetime
    policies: tuple[str, ...]
    stated: bool
    max_age: str | None
    counted_to: datetime | None
    inputs: bool
    frameworks: tuple[str, ...] = ()
    inherited: bool = False


def statement_from(content: bytes) -> Statement:
    """Return the statement that bytes hold. Raises UnusableStatement with the reason."""
    try:
        document = json_from_text(content.decode("utf-8"))
    except ValueError:
        raise UnusableStatement("is no JSON: cut off or damaged") from None
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise UnusableStatement(f"is no in-toto statement of the type {STATEMENT_TYPE}")
    try:
        pairs = [(str(one["name"]), str(one["digest"]["sha256"])) for one in document["subject"]]
        predicate, kind = document["predicate"], str(document["predicateType"])
    except (KeyError, TypeError):
        raise UnusableStatement("lacks a part of an in-toto statement") from None
    subjects = dict(pairs)
    if len(subjects) < len(pairs) or not isinstance(predicate, dict) or not all(map(_DIGEST.fullmatch, subjects.values())):
        raise UnusableStatement("names a subject twice, or has a part in another form than an in-toto statement")
    return Statement(subjects, predicate, kind)


def run_packed(predicate: Mapping[str, Any]) -> RunPacked:
    """Return what a predicate says of the run. Raises UnusableStatement."""
    try:
        run, policies = predicate["run"], predicate["policies"]
        max_age = run["maxAge"]
        return RunPacked(
            str(run["snapshot"]),
            str(run["content"]),
            _moment(run["time"]),
            tuple(str(one["id"]) for one in policies),
            bool(run["timeStated"]),
            str(max_age) if max_age is not None else None,
            _moment(run["agesCountedTo"]) if run["agesCountedTo"] is not None else None,
            bool(predicate["inputs"]["packed"]),
            tuple(map(str, run.get("frameworks", ()))),
            bool(run.get("inherited", False)),
        )
    except (KeyError, TypeError, ValueError):
        raise UnusableStatement("does not say which run was packed") from None


def digest_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
