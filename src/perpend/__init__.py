"""Perpend weighs cloud estates against policies that live as files in git.

What this module names is its interface: documented, typed, and kept until a version says otherwise. Names are imported
when they are used. The guide is ``docs/how-to/use-from-python.md``, the reference ``docs/reference/api.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from perpend.version import __version__

if TYPE_CHECKING:
    from perpend.analyze.names import UnknownName
    from perpend.analyze.programs import Analyzed, Analyzer
    from perpend.collect.read import Collected, collect_files
    from perpend.collect.unusable import UnusableInput
    from perpend.config.configuration import Account
    from perpend.diagnostics.model import Diagnostic, Severity, Span
    from perpend.engines.duckdb.engine import DuckDb, duck_db
    from perpend.engines.duckdb.kept import Cost
    from perpend.engines.protocol import Engine
    from perpend.engines.spark.engine import Spark, spark
    from perpend.errors import PerpendError
    from perpend.explain.change import Change
    from perpend.explain.looked_at import FieldValue
    from perpend.explain.places import ReadPlace
    from perpend.explain.steps import Explanation, Leaf, ListedObject, Step, explain_verdict
    from perpend.intake.input import Input
    from perpend.intake.inputs import Imported, import_inputs
    from perpend.ir.coverage import Claim, ListClaim, Scope
    from perpend.ir.estate import Estate, EstateObject, Origin, Source
    from perpend.ir.object_types import ObjectType
    from perpend.ir.program import Program, Read, Verdict
    from perpend.ir.status import Status
    from perpend.judge.day import RunDay, day_of_run
    from perpend.judge.estates import judge_estate
    from perpend.judge.finding import Finding, Reference
    from perpend.judge.judgement import Judgement, Ledger, Narrowed
    from perpend.judge.narrowed import Filter, narrowed
    from perpend.judge.objects import object_named, stored_object_named
    from perpend.judge.plans import plans_of
    from perpend.judge.requirements import (
        AnsweredFor,
        FrameworkAsked,
        PolicyAsked,
        Requirement,
        RequirementResult,
        Scorecard,
        Standing,
    )
    from perpend.judge.selection import PolicyView, Selection, program_named, select_policies
    from perpend.judge.stores.snapshots import judge_snapshot
    from perpend.judge.verdicts import Verdicts
    from perpend.lint.check import lint_repository
    from perpend.load.repository import Loaded, NotARepository, Repository, open_repository
    from perpend.outputs.as_csv import write_csv
    from perpend.outputs.as_json import write_json, write_ndjson
    from perpend.outputs.as_junit import write_junit
    from perpend.outputs.as_parquet import write_parquet
    from perpend.pieces.tables.table_bytes import UnreadableTable
    from perpend.plan.build import Plan
    from perpend.plan.describe import plan_lines
    from perpend.policy_tests.run import Branch, Coverage, FailedTest, TestReport, run_policy_tests
    from perpend.ratings.judged import WeighedJudgement
    from perpend.store.files import StoreError
    from perpend.store.manifest import Failure, StoredSource
    from perpend.store.remote.opened import remote_store
    from perpend.store.snapshot import Snapshot
    from perpend.store.store import Pruned, Store
    from perpend.tables.schema import Tables
    from perpend.waivers.covering import Covering

_HOMES: Final = {
    "analyze.names": ("UnknownName",),
    "analyze.programs": ("Analyzed", "Analyzer"),
    "collect.read": ("Collected", "collect_files"),
    "collect.unusable": ("UnusableInput",),
    "config.configuration": ("Account",),
    "diagnostics.model": ("Diagnostic", "Severity", "Span"),
    "engines.duckdb.engine": ("DuckDb", "duck_db"),
    "engines.duckdb.kept": ("Cost",),
    "engines.protocol": ("Engine",),
    "engines.spark.engine": ("Spark", "spark"),
    "errors": ("PerpendError",),
    "explain.change": ("Change",),
    "explain.looked_at": ("FieldValue",),
    "explain.places": ("ReadPlace",),
    "explain.steps": ("Explanation", "Leaf", "ListedObject", "Step", "explain_verdict"),
    "intake.input": ("Input",),
    "intake.inputs": ("Imported", "import_inputs"),
    "ir.coverage": ("Claim", "ListClaim", "Scope"),
    "ir.estate": ("Estate", "EstateObject", "Origin", "Source"),
    "ir.object_types": ("ObjectType",),
    "ir.program": ("Program", "Read", "Verdict"),
    "ir.status": ("Status",),
    "judge.day": ("RunDay", "day_of_run"),
    "judge.estates": ("judge_estate",),
    "judge.finding": ("Finding", "Reference"),
    "judge.judgement": ("Judgement", "Ledger", "Narrowed"),
    "judge.narrowed": ("Filter", "narrowed"),
    "judge.objects": ("object_named", "stored_object_named"),
    "judge.plans": ("plans_of",),
    "judge.requirements": (
        "AnsweredFor",
        "FrameworkAsked",
        "PolicyAsked",
        "Requirement",
        "RequirementResult",
        "Scorecard",
        "Standing",
    ),
    "judge.selection": ("PolicyView", "Selection", "program_named", "select_policies"),
    "judge.stores.snapshots": ("judge_snapshot",),
    "judge.verdicts": ("Verdicts",),
    "lint.check": ("lint_repository",),
    "load.repository": ("Loaded", "NotARepository", "Repository", "open_repository"),
    "outputs.as_csv": ("write_csv",),
    "outputs.as_json": ("write_json", "write_ndjson"),
    "outputs.as_junit": ("write_junit",),
    "outputs.as_parquet": ("write_parquet",),
    "pieces.tables.table_bytes": ("UnreadableTable",),
    "plan.build": ("Plan",),
    "plan.describe": ("plan_lines",),
    "policy_tests.run": ("Branch", "Coverage", "FailedTest", "TestReport", "run_policy_tests"),
    "ratings.judged": ("WeighedJudgement",),
    "store.files": ("StoreError",),
    "store.manifest": ("Failure", "StoredSource"),
    "store.remote.opened": ("remote_store",),
    "store.snapshot": ("Snapshot",),
    "store.store": ("Pruned", "Store"),
    "tables.schema": ("Tables",),
    "waivers.covering": ("Covering",),
}
_HOME: Final = {name: f"perpend.{module}" for module, names in _HOMES.items() for name in names}

__all__ = [
    "Account",
    "Analyzed",
    "Analyzer",
    "AnsweredFor",
    "Branch",
    "Change",
    "Claim",
    "Collected",
    "Cost",
    "Coverage",
    "Covering",
    "Diagnostic",
    "DuckDb",
    "Engine",
    "Estate",
    "EstateObject",
    "Explanation",
    "FailedTest",
    "Failure",
    "FieldValue",
    "Filter",
    "Finding",
    "FrameworkAsked",
    "Imported",
    "Input",
    "Judgement",
    "Leaf",
    "Ledger",
    "ListClaim",
    "ListedObject",
    "Loaded",
    "Narrowed",
    "NotARepository",
    "ObjectType",
    "Origin",
    "PerpendError",
    "Plan",
    "PolicyAsked",
    "PolicyView",
    "Program",
    "Pruned",
    "Read",
    "ReadPlace",
    "Reference",
    "Repository",
    "Requirement",
    "RequirementResult",
    "RunDay",
    "Scope",
    "Scorecard",
    "Selection",
    "Severity",
    "Snapshot",
    "Source",
    "Span",
    "Spark",
    "Standing",
    "Status",
    "Step",
    "Store",
    "StoreError",
    "StoredSource",
    "Tables",
    "TestReport",
    "UnknownName",
    "UnreadableTable",
    "UnusableInput",
    "Verdict",
    "Verdicts",
    "WeighedJudgement",
    "__version__",
    "collect_files",
    "day_of_run",
    "duck_db",
    "explain_verdict",
    "import_inputs",
    "judge_estate",
    "judge_snapshot",
    "lint_repository",
    "narrowed",
    "object_named",
    "open_repository",
    "plan_lines",
    "plans_of",
    "program_named",
    "remote_store",
    "run_policy_tests",
    "select_policies",
    "spark",
    "stored_object_named",
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
