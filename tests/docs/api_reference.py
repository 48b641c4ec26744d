"""``python -m tests.docs.api_reference PATH``: writes the page of the Python interface, of its names and docstrings."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import perpend

SECTIONS = {
    "Findings of a store": ("open", "scan_aws", "OpenStore", "connect", "ConnectedStore", "StoreReader"),
    "Repositories": (
        "open_repository",
        "Repository",
        "Loaded",
        "ObjectType",
        "Analyzer",
        "Analyzed",
        "Program",
        "DeclaredOutcome",
        "Read",
        "lint_repository",
        "Diagnostic",
        "Span",
        "Severity",
    ),
    "Policies that judge": ("select_policies", "Selection", "PolicyView", "program_named"),
    "Inputs": (
        "temporary_snapshot",
        "Inventory",
        "CloudObject",
        "Origin",
        "PlannedObject",
        "Source",
        "Claim",
        "Scope",
        "ListClaim",
    ),
    "Stores": ("import_inputs", "Input", "Imported", "Store", "Pruned", "remote_store", "Snapshot", "StoredSource", "Failure"),
    "Judging": (
        "evaluate_snapshot",
        "Cost",
        "Evaluation",
        "Totals",
        "Verdict",
        "Reference",
        "ParameterValue",
        "Verdicts",
        "Status",
    ),
    "The day of a run": ("EvaluationTime", "evaluation_time"),
    "Engines": ("Engine", "duck_db", "DuckDb", "spark", "Spark"),
    "Requirements": (
        "Scorecard",
        "RequirementResult",
        "RequirementStatus",
        "FrameworkSelection",
        "Requirement",
        "RequirementPolicy",
        "HumanDecisions",
    ),
    "Runs and reports": ("evaluate_and_report", "RunRequest", "RunOutcome", "PolicyChoice", "FormatOptions"),
    "Writing verdicts": (
        *("Account", "write_json", "write_ndjson", "write_csv", "write_parquet", "write_junit"),
        *("filter_verdicts", "Filter", "FilteredEvaluation", "WaiverMatches", "RatedEvaluation"),
    ),
    "Explanations": (
        "explain_verdict",
        "Explanation",
        "Step",
        "Leaf",
        "ListedObject",
        "FieldValue",
        "ReadPlace",
        "Change",
        "stored_object_named",
    ),
    "Tests of policies": ("run_policy_tests", "TestReport", "FailedTest", "Coverage", "Branch"),
    "Plans": ("plans_of", "Plan", "Tables", "plan_lines"),
    "Errors": (
        "PerpendError",
        "InvalidOption",
        "PerpendWarning",
        "UnknownName",
        "NotARepository",
        "UnusableInput",
        "UnreadableTable",
        "StoreError",
    ),
    "Version": ("__version__",),
}

MEMBERS: dict[str, tuple[str, ...]] = {
    "OpenStore": ("place", "findings", "diff", "compliance", "remediate"),
    "ConnectedStore": ("url", "findings", "diff", "compliance"),
    "StoreReader": ("findings", "diff", "compliance"),
    "Analyzer": ("repository", "analyzed", "object_type"),
    "Repository": ("policy_ids", "logic_ids", "section_ids", "type_names", "object_type", "declared_type", "diagnostics"),
    "Program": ("logic_id", "policy_id", "input_type", "verdicts", "reads"),
    "Store": ("Store", "reading", "snapshot", "runs", "current_run", "prune"),
    "Snapshot": ("id", "created", "sources", "failures", "directory", "tables"),
    "Engine": (),
    "DuckDb": (),
    "Spark": (),
    "Verdicts": ("program", "counted", "unreadable", "first"),
    "Analyzed": ("program", "diagnostics"),
    "Loaded": ("value", "diagnostics", "sound"),
    "Read": ("path", "key"),
    "ListClaim": ("owner", "relation", "claim"),
    "StoredSource": ("name", "kind", "observed_at", "objects", "accounts", "regions", "coverage"),
    "Tables": (),
    "WaiverMatches": (),
    "RatedEvaluation": (),
    "ObjectType": ("name", "label", "declared"),
    "Plan": ("programs", "reasons"),
}
"""Of these classes only these members are part of the interface; the others serve rooms of the package."""

HEAD = """# The Python interface

<!-- Written by `make reference`; edit the docstrings instead. -->

`import perpend` provides these names; each is imported on first use. The names on this page are stable unless the changelog of a version
says otherwise. Other names may change at any time. See [use it from Python](../how-to/use-from-python.md).
"""


def page() -> str:
    """Return the whole page."""
    lines = [HEAD.rstrip()]
    for section, names in SECTIONS.items():
        lines.append(f"\n## {section}")
        for name in names:
            lines += ["", *_entry(name, getattr(perpend, name))]
    return "\n".join(lines) + "\n"


def signatures() -> str:
    """Return every public name with its signature, and those of its members, a line each."""
    lines = []
    for name in sorted(perpend.__all__):
        thing = getattr(perpend, name)
        lines.append(_headline(name, thing))
        lines += [f"    {line}" for line, _ in _members(thing)] if inspect.isclass(thing) else []
    return "\n".join(lines) + "\n"


def _entry(name: str, thing: Any) -> Iterator[str]:
    yield f"### `{name}`"
    if isinstance(thing, str):
        yield from ("", "The version of this package, a text.")
        return
    yield from ("", "```python", _headline(name, thing), "```", "", *_prose(thing))
    members = list(_members(thing)) if inspect.isclass(thing) else []
    if members:
        yield ""
        yield from (f"- `{line}`{f': {doc}' if doc else ''}" for line, doc in members)


def _headline(name: str, thing: Any) -> str:
    if isinstance(thing, str):
        return f"{name}: str"
    if inspect.isclass(thing):
        base = next(base.__name__ for base in thing.__mro__[1:]) if issubclass(thing, Exception) else ""
        return f"class {name}{f'({base})' if base else ''}"
    return f"{'with ' if _is_opened(thing) else ''}{name}{_signature(thing)}"


class _Written(str):
    """An annotation as it was written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(thing: Any) -> str:
    """Return a signature as it was written; what a ``with`` block is given stands behind ``as``."""
    found = inspect.signature(thing)
    parameters = [
        one if one.annotation is inspect.Parameter.empty else one.replace(annotation=_Written(one.annotation))
        for one in found.parameters.values()
        if one.name != "self"
    ]
    text = str(found.replace(parameters=parameters, return_annotation=_Written(found.return_annotation)))
    return re.sub(r"-> Iterator\[(.*)\]$", r"as \1", text) if _is_opened(thing) else text


def _is_opened(thing: Any) -> bool:
    """Whether a function is for ``with``."""
    return hasattr(thing, "__wrapped__") and inspect.isgeneratorfunction(thing.__wrapped__)


def _members(thing: type) -> Iterator[tuple[str, str]]:
    """Yield the members of a class that are part of the interface, with what is said of each."""
    chosen = MEMBERS.get(thing.__name__)
    for line, doc in _all_members(thing):
        if chosen is None or re.split(r"\W", line)[0] in chosen:
            yield line, doc


def _all_members(thing: type) -> Iterator[tuple[str, str]]:
    """Yield the members of a class: its fields first, in their order."""
    if issubclass(thing, Enum):
        yield from ((member.name, "") for member in thing)
        return
    named = getattr(thing, "__annotations__", {})
    shown = [one.name for one in fields(thing)] if is_dataclass(thing) else getattr(thing, "_fields", ())
    yield from ((f"{name}: {_written(named[name])}", "") for name in shown if not name.startswith("_"))
    if not is_dataclass(thing) and not shown and "__init__" in vars(thing) and not getattr(thing, "_is_protocol", False):
        yield f"{thing.__name__}{_signature(thing.__init__).removesuffix(' -> None')}", ""
    for name, member in vars(thing).items():
        if name.startswith("_") or name in shown:
            continue
        if isinstance(member, property) or type(member).__name__ == "cached_property":
            getter = member.fget if isinstance(member, property) else member.func  # type: ignore[attr-defined]
            yield f"{name}: {inspect.signature(getter).return_annotation}", _first_sentence(getter)
        elif inspect.isfunction(member):
            yield f"{name}{_signature(member)}", _first_sentence(member)


def _written(annotation: Any) -> str:
    return getattr(annotation, "__forward_arg__", annotation)


def _first_sentence(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].replace("``", "`").split())


def _prose(thing: Any) -> list[str]:
    return (inspect.getdoc(thing) or "").replace("``", "`").splitlines()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
