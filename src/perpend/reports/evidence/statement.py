"""Write and read the in-toto statement of an evidence pack: the digests of its members, and the run.

A foreign statement is accepted only if every part of it has the right form.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError
from perpend.core.values.values import json_from_text
from perpend.evaluation.verdicts.policy_choice import PolicyChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
"""The layout of the statement, by the in-toto attestation framework, version 1."""

PREDICATE_TYPE: Final = "urn:perpend:pack:1"
"""The type of the predicate. A later layout has another number."""

MOST: Final = 16 * 1024 * 1024
"""The largest size of a statement, in bytes."""

_DIGEST: Final = re.compile("[0-9a-f]{64}")


class UnusableStatement(PerpendError):
    """A text is not a statement of an evidence pack."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The SHA-256 of each member, in hexadecimal, by its name, and the predicate with its type."""

    subjects: Mapping[str, str]
    predicate: Mapping[str, Any]
    predicate_type: str = PREDICATE_TYPE

    @property
    def text(self) -> str:
        """The statement as JSON, the same text for the same content."""
        document = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(self.subjects.items())],
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        }
        return json.dumps(document, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The record of a run in a history: its number, commit and engine.

    ``programs`` are the hashes of the policies' programs in the run, None for one that is not known. ``passing`` are the
    numbers of compliant and inapplicable objects after the run, by policy.
    """

    number: int
    committed: str
    engine: str
    programs: Mapping[str, str | None] = field(default_factory=dict)
    passing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvidenceRun:
    """The facts that evaluating the run again needs: the snapshot and its content hash, the time, and the maximal age.

    ``stated``: the time was stated by a source or the user. Ages count to ``counted_to``. ``choice`` selects the policies.
    ``record`` is the run in the history, None if no history knows it. ``parameters`` are the values of policies' parameters, by
    policy and name.
    """

    snapshot: str
    content: str
    time: datetime
    stated: bool
    max_age: str | None
    counted_to: datetime | None
    inputs: bool
    choice: PolicyChoice = field(default_factory=PolicyChoice)
    record: RunRecord | None = None
    parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def statement_from(content: bytes) -> Statement:
    """Return the statement in some bytes. Raises UnusableStatement with the reason."""
    try:
        document = json_from_text(content.decode("utf-8"))
    except ValueError:
        raise UnusableStatement("is not JSON: cut off or damaged") from None
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise UnusableStatement(f"is not an in-toto statement of the type {STATEMENT_TYPE}")
    try:
        pairs = [(str(one["name"]), str(one["digest"]["sha256"])) for one in document["subject"]]
        predicate, kind = document["predicate"], str(document["predicateType"])
    except (KeyError, TypeError):
        raise UnusableStatement("is not complete: a part of an in-toto statement is missing") from None
    subjects = dict(pairs)
    if len(subjects) < len(pairs) or not isinstance(predicate, dict) or not all(map(_DIGEST.fullmatch, subjects.values())):
        raise UnusableStatement("names a subject twice, or a part of it has the wrong form")
    return Statement(subjects, predicate, kind)


def run_from_predicate(predicate: Mapping[str, Any]) -> EvidenceRun:
    """Return the run that a predicate describes. Raises UnusableStatement."""
    try:
        run, history = predicate["run"], predicate["history"]
        max_age = run["maxAge"]
        return EvidenceRun(
            str(run["snapshot"]),
            str(run["content"]),
            _moment(run["time"]),
            bool(run["timeStated"]),
            str(max_age) if max_age is not None else None,
            _moment(run["agesCountedTo"]) if run["agesCountedTo"] is not None else None,
            bool(predicate["inputs"]["packed"]),
            _choice_from(predicate["asked"]),
            _record_from(history) if history is not None else None,
            {policy: dict(values) for policy, values in predicate.get("parameters", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnusableStatement("does not say which run was packed") from None


def choice_document(choice: PolicyChoice) -> dict[str, Any]:
    """Return the policies that a run asked, for a predicate. ``default``: none of them was named by itself."""
    return {
        "policies": list(choice.policies),
        "frameworks": list(choice.frameworks),
        "inherited": choice.inherited,
        "exclude": list(choice.exclude),
        "default": choice.standing,
    }


def _choice_from(options: Mapping[str, Any]) -> PolicyChoice:
    policies, frameworks, exclude = (tuple(map(str, options[key])) for key in ("policies", "frameworks", "exclude"))
    return PolicyChoice(
        policies=policies,
        frameworks=frameworks,
        inherited=bool(options["inherited"]),
        exclude=exclude,
        standing=bool(options["default"]),
    )


def record_document(record: RunRecord) -> dict[str, Any]:
    """Return the record of a run for a predicate."""
    return {
        "run": record.number,
        "committed": record.committed,
        "judgedBy": record.engine,
        "programs": dict(record.programs),
        "passing": dict(record.passing),
    }


def _record_from(history: Mapping[str, Any]) -> RunRecord:
    return RunRecord(
        int(history["run"]),
        str(history["committed"]),
        str(history["judgedBy"]),
        {policy_id: None if program is None else str(program) for policy_id, program in history["programs"].items()},
        {policy_id: int(number) for policy_id, number in history["passing"].items()},
    )


def digest_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
