"""Unit tests stand where the module stands that they test; what is tested elsewhere is listed, and the lists only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import pytest

from tests.house.trees import ROOT, tree

SOURCES = ROOT / "src" / "perpend"
UNITS = ROOT / "tests" / "unit"
LEAST = 40
"""A module of more lines of code than this needs a test file of its own."""

ROWS = "clouds/aws/services"
"""A room whose modules are tables and nothing else; `unit/clouds/aws/test_tables.py` walks all their rows."""

TESTED_BY: dict[str, tuple[str, ...]] = {
    "cli": (
        "cli/app",
        "cli/output",
        "commands/estates/check",
        "commands/estates/explain",
        "commands/estates/import",
        "commands/estates/inventory",
        "commands/policies/plan",
        "commands/policies/site",
        "errands/policies/site_built",
    ),
    "cli/test_access.py": ("commands/estates/access", "report/access"),
    "cli/test_bad_input.py": ("collect/csv_text", "collect/json_text", "collect/report_answer"),
    "cli/test_check_stores.py": ("intake/inputs", "store/spool"),
    "cli/test_check_policies.py": ("cli/programs",),
    "cli/test_completions.py": ("cli/completions",),
    "cli/test_config.py": (
        "cli/configured",
        "cli/repositories",
        "commands/config",
        "config/files",
    ),
    "cli/test_waivers.py": (
        "cli/histories/waiving",
        "commands/findings/waivers",
        "outputs/as_waivers",
        "recount/waivers",
        "waivers/judged",
        "waivers/kept",
        "waivers/rules",
    ),
    "cli/test_ratings.py": (
        *("cli/histories/rating", "commands/findings/ratings", "commands/findings/trend", "outputs/as_ratings"),
        *("history/commit/judged", "ratings/judged", "recount/priorities"),
    ),
    "cli/test_entities.py": (
        "commands/policies/show",
        "pieces/rules",
    ),
    "cli/test_findings.py": (
        "cli/histories/blast",
        "cli/histories/revisions",
        "cli/histories/scorecards",
        "commands/findings/diff",
        "commands/findings/findings",
        "commands/findings/history",
        "commands/findings/scorecard",
        "history/ask/newest",
        "history/keep",
        "recount/blast",
        "recount/carried",
        "recount/findings",
        "recount/moved",
        "recount/scorecards",
    ),
    "cli/test_history.py": ("cli/histories/kept", "history/commit/counts"),
    "cli/test_report.py": ("cli/histories/handing",),
    "cli/test_remediate.py": ("commands/findings/remediate", "errands/mended"),
    "property/test_hostile_names.py": ("outputs/remedies/as_markdown", "outputs/remedies/as_terraform"),
    "unit/remedies/test_read.py": ("load/beside/remedy", "remedies/rules"),
    "cli/test_forms.py": ("cli/forms/listing", "cli/forms/written", "outputs/forms"),
    "cli/test_inputs.py": ("cli/inputs",),
    "cli/test_inventory.py": ("report/store/answer", "report/store/stored"),
    "cli/test_lint.py": ("commands/policies/lint",),
    "cli/test_list.py": ("commands/policies/list",),
    "cli/test_lint_fix.py": ("errands/policies/changes", "scaffold/fixes"),
    "cli/test_new.py": (
        "commands/policies/new",
        "scaffold/entities",
        "scaffold/ids",
        "scaffold/starts",
        "scaffold/templates",
    ),
    "cli/test_notify.py": ("errands/notifying", "notices/deliver", "notices/sent"),
    "cli/test_pack.py": (
        "cli/choosing",
        "commands/findings/pack",
        "errands/packing",
        "packs/judged",
        "packs/verify",
        "packs/write",
    ),
    "cli/test_permissions.py": ("commands/estates/permissions", "report/permissions"),
    "cli/test_policy_tests.py": ("commands/policies/test",),
    "cli/test_reporting.py": (
        "cli/reporting",
        "outputs/as_junit",
        "outputs/as_requirements",
        "report/verdicts/requirements_list",
    ),
    "cli/test_site.py": ("pages/verdicts/stored",),
    "cli/test_test_update.py": ("scaffold/expectations",),
    "conformance/test_vectors.py": (
        "engines/duckdb/sql",
        "tables/flat",
    ),
    "conformance/test_life.py": (
        "history/model",
        "history/step",
        "history/step_sql",
    ),
    "differential/test_histories.py": (
        "history/commit/changes",
        "history/commit/compaction",
        "history/commit/objects",
        "history/commit/pairs",
        "history/commit/policies",
        "history/commit/values",
        "history/place",
    ),
    "differential/test_report_roads.py": (
        "pieces/reports/in_order",
        "pieces/reports/readings",
        "pieces/reports/rivals",
        "pieces/reports/staged",
    ),
    "differential/test_spark.py": (
        "engines/spark/engine",
        "engines/spark/functions",
        "engines/spark/sql",
    ),
    "differential/test_stores.py": (
        "intake/assemble",
        "intake/importing",
        "pieces/united",
        "intake/piles",
    ),
    "differential/test_written.py": ("engines/verdicts",),
    "unit/judge/stores/test_snapshots.py": ("judge/stores/judged",),
    "house/test_operations.py": (
        "ir/operation",
        "ir/operations/comparison",
        "ir/operations/constants",
        "ir/operations/conversions",
        "ir/operations/development",
        "ir/operations/fields",
        "ir/operations/json_queries",
        "ir/operations/search",
        "ir/operations/special",
        "load/reference",
    ),
    "cli/test_test_mutants.py": (
        "errands/policies/generated",
        "errands/policies/mutated",
        "report/repository/mutants",
    ),
    "property/test_load_dump.py": (
        "load/beside/shapes",
        "load/calls",
        "load/documents",
        "load/read",
        "load/shapes",
    ),
    "servers/test_s3_store.py": (
        "store/remote/mirrored",
        "store/remote/space",
    ),
    "servers/test_collect_aws.py": (
        "errands/clouds/collecting",
        "clouds/aws/collector",
        "commands/estates/scan",
        "gather/rows",
    ),
    "unit/lint/messages/test_outcomes.py": ("lint/messages/threshold_disagrees",),
    "servers/test_organization.py": (
        "errands/clouds/collect",
        "errands/clouds/dry_run",
        "cli/options",
        "clouds/aws/reach/entering",
        "clouds/aws/runs/window",
        "gather/collecting",
    ),
    "unit/gather/test_journal.py": ("clouds/aws/cells",),
    "unit/lint/test_unreachable_condition.py": (
        "lint/contradictions",
        "lint/formulas",
    ),
    "unit/lint/test_check.py": (
        "lint/survey",
        "analyze/rules",
        "load/rules",
    ),
    "unit/analyze/test_error_places.py": (
        "analyze/places",
        "analyze/syntax",
        "analyze/typing_rules",
    ),
    "unit/analyze/test_programs.py": ("analyze/verdicts",),
    "unit/clouds/aws/test_parse.py": ("clouds/aws/values",),
    "unit/clouds/aws/test_tables.py": ("clouds/aws/model",),
    "unit/collect/formats/test_readers.py": (
        "collect/formats/authorization_details",
        "collect/formats/config_items",
        "collect/formats/held",
        "collect/formats/prowler",
        "collect/formats/table_maps",
        "collect/formats/unite",
        "collect/formats/values",
    ),
    "unit/collect/test_bad_input.py": ("collect/files",),
    "unit/collect/test_kinds.py": ("collect/outline",),
    "unit/engines/duckdb/test_kept.py": ("tables/schema",),
    "unit/intake/test_objects.py": (
        "ir/estate",
        "ir/object_types",
    ),
    "unit/ir/test_reads.py": ("ir/program",),
    "unit/load/json/test_mapping_tables.py": ("load/mapping",),
    "unit/load/test_hostile_files.py": (
        "load/files",
        "load/repository",
    ),
    "unit/load/test_hostile_test_data.py": ("load/test_data",),
    "unit/load/test_hostile_yaml.py": ("load/nodes",),
    "unit/meaning/access/test_levels.py": ("meaning/access/requesters",),
    "unit/pages/test_page.py": (
        "pages/book",
        "pages/contents",
        "pages/guides",
        "pages/refs",
    ),
    "unit/mutation/mutators/test_mutators.py": (
        "mutation/mutants",
        "mutation/mutators/constants",
        "mutation/mutators/operators",
        "mutation/rewriting",
    ),
    "unit/mutation/proof/test_equivalence.py": (
        "mutation/proof/cases",
        "mutation/proof/reasoning",
        "mutation/proof/single",
    ),
    "unit/mutation/test_proposals.py": ("mutation/seeds",),
    "unit/mutation/test_score.py": (
        "mutation/killers",
        "mutation/neighbours",
    ),
    "unit/pages/test_policy.py": ("pages/logic",),
    "unit/pages/verdicts/test_lines.py": ("pages/verdicts/book",),
    "servers/test_push.py": ("cli/forms/pushing", "commands/estates/push"),
    "unit/outputs/formats/test_valid.py": (
        "outputs/formats/asff",
        "outputs/formats/ocsf",
        "outputs/formats/ocsf_parquet",
        "outputs/formats/oscal_poam",
        "outputs/formats/oscal_results",
        "outputs/formats/reported",
        "outputs/formats/sarif",
        "outputs/formats/subjects",
    ),
    "unit/report/verdicts/test_terminal.py": (
        "report/verdicts/count_table",
        "report/verdicts/findings_list",
    ),
    "unit/site/render/test_pages.py": (
        "site/render/addresses",
        "site/render/as_markdown",
        "site/render/drawing",
        "site/render/icons",
        "site/render/targets",
    ),
    "unit/site/test_build.py": (
        "site/install",
        "site/manifest",
        "site/search",
    ),
    "unit/store/test_nest.py": ("tables/shred",),
}
"""Modules without a test file of their own, by what tests them. Whoever writes one strikes it out here."""

OF_ROOMS = {
    "lint/test_lint_pages.py",
    "mutation/mutators/test_mutators.py",
    "analyze/test_error_places.py",
    "clouds/aws/test_corpus_types.py",
    "collect/test_bad_input.py",
    "load/test_hostile_files.py",
    "load/test_hostile_test_data.py",
    "load/test_hostile_yaml.py",
    "load/test_references.py",
    "meaning/test_jmespath_bounds.py",
    "meaning/test_json_texts.py",
    "outputs/formats/test_valid.py",
}
"""Files below ``tests/unit`` that ask something of their room as a whole."""

_OPENING = (ast.FunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def lines_of_code(within: ast.Module) -> int:
    """Return how many lines of statements a module has, without what stands in them for people alone."""
    found: set[int] = set()
    for node in ast.walk(within):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.stmt):
            found |= {node.lineno} if isinstance(node, _OPENING) else set(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(found)


def homeless(tests: Iterable[str], rooms: Mapping[str, set[str]]) -> list[str]:
    """Return the test files that are called for no module or room within theirs, each with more words behind it or none."""
    found = []
    for path in tests:
        room, _, name = path.rpartition("/")
        stem = name.removeprefix("test_").removesuffix(".py")
        if not any(stem == module or stem.startswith(f"{module}_") for module in rooms.get(room, ())):
            found.append(path)
    return found


def rooms() -> dict[str, set[str]]:
    """Return the modules and rooms in each room."""
    found: dict[str, set[str]] = {}
    for path in SOURCES.rglob("*"):
        if path.suffix == ".py" or (path / "__init__.py").exists():
            room = path.parent.relative_to(SOURCES).as_posix()
            found.setdefault("" if room == "." else room, set()).add(path.stem)
    return found


def test_every_file_of_unit_tests_is_called_for_a_module() -> None:
    tests = sorted(path.relative_to(UNITS).as_posix() for path in UNITS.rglob("test_*.py"))
    assert tests
    assert sorted(OF_ROOMS) == homeless(tests, rooms())


@pytest.mark.parametrize("name", ["test_c.py", "a/test_b.py", "a/test_bc.py", "b/test_c.py"])
def test_a_file_in_the_wrong_room_is_homeless(name: str) -> None:
    assert [name] == homeless(["a/test_c.py", "a/test_c_more.py", name], {"a": {"c", "__init__"}, "": {"a", "b"}})


def test_every_module_has_tests_of_its_own_or_is_listed() -> None:
    listed = [module for modules in TESTED_BY.values() for module in modules]
    missing = [
        module
        for path in sorted(SOURCES.rglob("*.py"))
        if path.name != "__init__.py" and SOURCES / ROWS not in path.parents
        for module in [path.relative_to(SOURCES).with_suffix("").as_posix()]
        if not (UNITS / module).with_name(f"test_{path.name}").exists()
        and lines_of_code(tree(path.relative_to(ROOT).as_posix())) > LEAST
    ]
    assert sorted(missing) == sorted(listed)
    assert [] == [tests for tests in TESTED_BY if not (ROOT / "tests" / tests).exists()]


def test_words_for_people_are_no_code() -> None:
    assert 4 == lines_of_code(ast.parse('"""A module."""\n\nX = (\n    1\n)\n\n\ndef f():\n    # why\n    """Say."""\n'))
