"""Perpend evaluates cloud estates against policies that live as files in git.

What this module names is its interface: documented, typed, and kept until a version says otherwise. Names are imported
when they are used. The guide is ``docs/how-to/use-from-python.md``, the reference ``docs/reference/api.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from perpend.version import __version__

if TYPE_CHECKING:
    from perpend.authoring.lint.check import lint_repository
    from perpend.authoring.testing.run import Branch, Coverage, FailedTest, TestReport, run_policy_tests
    from perpend.core.diagnostics.model import Diagnostic, Severity, Span
    from perpend.core.errors import InvalidOption, PerpendError, PerpendWarning
    from perpend.core.objects.account import Account
    from perpend.core.objects.claims import Claim, ListClaim, Scope
    from perpend.core.objects.inventory import CloudObject, Inventory, Origin, PlannedObject, Source
    from perpend.core.objects.object_types import ObjectType
    from perpend.core.objects.status import Status
    from perpend.core.schema.tables import Tables
    from perpend.evaluation.engines.duckdb.column_cache import Cost
    from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
    from perpend.evaluation.engines.protocol import Engine
    from perpend.evaluation.engines.spark.engine import Spark, spark
    from perpend.evaluation.explain.change import Change
    from perpend.evaluation.explain.fields_read import FieldValue, ReadPlace
    from perpend.evaluation.explain.steps import Explanation, Leaf, ListedObject, Step, explain_verdict
    from perpend.evaluation.planner.build import Plan
    from perpend.evaluation.planner.describe import plan_lines
    from perpend.evaluation.verdicts.evaluation import Evaluation, FilteredEvaluation, Totals
    from perpend.evaluation.verdicts.evaluation_time import EvaluationTime, evaluation_time
    from perpend.evaluation.verdicts.objects import stored_object_named
    from perpend.evaluation.verdicts.plans import plans_of
    from perpend.evaluation.verdicts.policy_choice import PolicyChoice
    from perpend.evaluation.verdicts.requirements import (
        FrameworkSelection,
        HumanDecisions,
        Requirement,
        RequirementPolicy,
        RequirementResult,
        RequirementStatus,
        Scorecard,
    )
    from perpend.evaluation.verdicts.selection import PolicyView, Selection, program_named, select_policies
    from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
    from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
    from perpend.evaluation.verdicts.verdict import Reference, Verdict
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.findings.filters import Filter
    from perpend.findings.severity.results import RatedEvaluation
    from perpend.findings.verdict_filter import filter_verdicts
    from perpend.findings.waivers.matches import WaiverMatches
    from perpend.inventory.importers.input import Input
    from perpend.inventory.importers.inputs import Imported, import_inputs
    from perpend.inventory.importers.tables.table_bytes import UnreadableTable
    from perpend.inventory.readers.errors import UnusableInput
    from perpend.inventory.snapshots.files import StoreError
    from perpend.inventory.snapshots.manifest import Failure, StoredSource
    from perpend.inventory.snapshots.remote.open import remote_store
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.inventory.snapshots.store import Pruned, Store
    from perpend.language.compiler.analyzer import Analyzed, Analyzer
    from perpend.language.compiler.names import UnknownName
    from perpend.language.program.parameters import ParameterValue
    from perpend.language.program.program import DeclaredOutcome, Program, Read
    from perpend.language.syntax.repository import Loaded, NotARepository, Repository, open_repository
    from perpend.reports.formats.csv import write_csv
    from perpend.reports.formats.json import write_json, write_ndjson
    from perpend.reports.formats.junit import write_junit
    from perpend.reports.formats.parquet import write_parquet
    from perpend.reports.formats.write import FormatOptions
    from perpend.runs.connected_store import ConnectedStore, connect
    from perpend.runs.evaluate import evaluate_and_report
    from perpend.runs.open_store import OpenStore, open, scan_aws
    from perpend.runs.request import RunOutcome, RunRequest
    from perpend.runs.store_reader import StoreReader

_HOMES: Final = {
    "language.compiler.names": ("UnknownName",),
    "language.compiler.analyzer": ("Analyzed", "Analyzer"),
    "inventory.readers.errors": ("UnusableInput",),
    "core.objects.account": ("Account",),
    "core.diagnostics.model": ("Diagnostic", "Severity", "Span"),
    "evaluation.engines.duckdb.engine": ("DuckDb", "duck_db"),
    "evaluation.engines.duckdb.column_cache": ("Cost",),
    "evaluation.engines.protocol": ("Engine",),
    "evaluation.engines.spark.engine": ("Spark", "spark"),
    "core.errors": ("InvalidOption", "PerpendError", "PerpendWarning"),
    "evaluation.explain.change": ("Change",),
    "evaluation.explain.fields_read": ("FieldValue", "ReadPlace"),
    "evaluation.explain.steps": ("Explanation", "Leaf", "ListedObject", "Step", "explain_verdict"),
    "inventory.importers.input": ("Input",),
    "inventory.importers.inputs": ("Imported", "import_inputs"),
    "core.objects.claims": ("Claim", "ListClaim", "Scope"),
    "core.objects.inventory": ("Inventory", "CloudObject", "Origin", "PlannedObject", "Source"),
    "core.objects.object_types": ("ObjectType",),
    "language.program.parameters": ("ParameterValue",),
    "language.program.program": ("Program", "Read", "DeclaredOutcome"),
    "core.objects.status": ("Status",),
    "evaluation.verdicts.evaluation_time": ("EvaluationTime", "evaluation_time"),
    "evaluation.verdicts.verdict": ("Verdict", "Reference"),
    "evaluation.verdicts.evaluation": ("Evaluation", "Totals", "FilteredEvaluation"),
    "findings.filters": ("Filter",),
    "findings.verdict_filter": ("filter_verdicts",),
    "evaluation.verdicts.objects": ("stored_object_named",),
    "evaluation.verdicts.plans": ("plans_of",),
    "evaluation.verdicts.requirements": (
        "HumanDecisions",
        "FrameworkSelection",
        "RequirementPolicy",
        "Requirement",
        "RequirementResult",
        "Scorecard",
        "RequirementStatus",
    ),
    "evaluation.verdicts.selection": ("PolicyView", "Selection", "program_named", "select_policies"),
    "evaluation.verdicts.stores.evaluate_snapshot": ("evaluate_snapshot",),
    "evaluation.verdicts.stores.temporary_snapshot": ("temporary_snapshot",),
    "evaluation.verdicts.verdicts": ("Verdicts",),
    "authoring.lint.check": ("lint_repository",),
    "language.syntax.repository": ("Loaded", "NotARepository", "Repository", "open_repository"),
    "runs.connected_store": ("ConnectedStore", "connect"),
    "reports.formats.csv": ("write_csv",),
    "reports.formats.json": ("write_json", "write_ndjson"),
    "reports.formats.junit": ("write_junit",),
    "reports.formats.parquet": ("write_parquet",),
    "reports.formats.write": ("FormatOptions",),
    "runs.open_store": ("OpenStore", "open", "scan_aws"),
    "evaluation.verdicts.policy_choice": ("PolicyChoice",),
    "runs.evaluate": ("evaluate_and_report",),
    "runs.request": ("RunOutcome", "RunRequest"),
    "runs.store_reader": ("StoreReader",),
    "inventory.importers.tables.table_bytes": ("UnreadableTable",),
    "evaluation.planner.build": ("Plan",),
    "evaluation.planner.describe": ("plan_lines",),
    "authoring.testing.run": ("Branch", "Coverage", "FailedTest", "TestReport", "run_policy_tests"),
    "findings.severity.results": ("RatedEvaluation",),
    "inventory.snapshots.files": ("StoreError",),
    "inventory.snapshots.manifest": ("Failure", "StoredSource"),
    "inventory.snapshots.remote.open": ("remote_store",),
    "inventory.snapshots.snapshot": ("Snapshot",),
    "inventory.snapshots.store": ("Pruned", "Store"),
    "core.schema.tables": ("Tables",),
    "findings.waivers.matches": ("WaiverMatches",),
}
_HOME: Final = {name: f"perpend.{module}" for module, names in _HOMES.items() for name in names}

__all__ = [
    "Account",
    "Analyzed",
    "Analyzer",
    "Branch",
    "Change",
    "Claim",
    "CloudObject",
    "ConnectedStore",
    "Cost",
    "Coverage",
    "DeclaredOutcome",
    "Diagnostic",
    "DuckDb",
    "Engine",
    "Evaluation",
    "EvaluationTime",
    "Explanation",
    "FailedTest",
    "Failure",
    "FieldValue",
    "Filter",
    "FilteredEvaluation",
    "FormatOptions",
    "FrameworkSelection",
    "HumanDecisions",
    "Imported",
    "Input",
    "InvalidOption",
    "Inventory",
    "Leaf",
    "ListClaim",
    "ListedObject",
    "Loaded",
    "NotARepository",
    "ObjectType",
    "OpenStore",
    "Origin",
    "ParameterValue",
    "PerpendError",
    "PerpendWarning",
    "Plan",
    "PlannedObject",
    "PolicyChoice",
    "PolicyView",
    "Program",
    "Pruned",
    "RatedEvaluation",
    "Read",
    "ReadPlace",
    "Reference",
    "Repository",
    "Requirement",
    "RequirementPolicy",
    "RequirementResult",
    "RequirementStatus",
    "RunOutcome",
    "RunRequest",
    "Scope",
    "Scorecard",
    "Selection",
    "Severity",
    "Snapshot",
    "Source",
    "Span",
    "Spark",
    "Status",
    "Step",
    "Store",
    "StoreError",
    "StoreReader",
    "StoredSource",
    "Tables",
    "TestReport",
    "Totals",
    "UnknownName",
    "UnreadableTable",
    "UnusableInput",
    "Verdict",
    "Verdicts",
    "WaiverMatches",
    "__version__",
    "connect",
    "duck_db",
    "evaluate_and_report",
    "evaluate_snapshot",
    "evaluation_time",
    "explain_verdict",
    "filter_verdicts",
    "import_inputs",
    "lint_repository",
    "open",
    "open_repository",
    "plan_lines",
    "plans_of",
    "program_named",
    "remote_store",
    "run_policy_tests",
    "scan_aws",
    "select_policies",
    "spark",
    "stored_object_named",
    "temporary_snapshot",
    "write_csv",
    "write_json",
    "write_junit",
    "write_ndjson",
    "write_parquet",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a name of the interface, imported from where it lives."""
        if name not in _HOME:
            raise AttributeError(f"module 'perpend' has no attribute {name!r}")
        return getattr(import_module(_HOME[name]), name)

    def __dir__() -> list[str]:
        """Return the names of the interface."""
        return __all__
