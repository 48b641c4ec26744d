"""Which tests `make quick`, `make test` and `make slow` run: `--pace`. All run without it, and by `make test PACE=all`.

A place is how a test's name begins, after `tests/`. `test_every_place_is_there` (house) says which of them are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SLOW: Final = (
    "browser/",
    "cli/test_check_stores_whole.py::test_memory_does_not_grow_with_the_users",
    "differential/test_spark.py::test_neither_the_order_of_rows_nor_their_partitions_matter",
    "differential/test_spark_check.py",
    "differential/test_spark_cluster.py::test_a_store_is_judged_by_workers_even_when_one_dies",
    "differential/test_spark_cluster.py::test_an_organization_that_was_collected_is_judged_by_workers_as_by_duckdb",
    "docs/test_examples.py::test_commands_do_as_shown[docs/how-to/",
    "docs/test_python.py::test_the_wheel_that_is_built_installs_and_the_how_to_runs",
    "house/test_bench.py",
    "servers/test_organization.py::test_a_killed_process_is_gone_on_with",
    "servers/test_planted.py",
)
"""What takes long for what it asks beside others: a browser, workers that die, guides, installing, what measures."""

ROOMS_OF_QUICK: Final = ("conformance/", "house/", "unit/")

NOT_QUICK: Final = (
    "conformance/test_company.py",
    "house/test_library.py",
    "house/test_rooms.py",
    "house/test_structure.py::test_no_function_is_too_long",
    "house/test_ways_in.py",
    "unit/collect/test_read.py::test_what_others_have_made_is_collected_as_before",
    "unit/diagnostics/test_as_json.py",
    "unit/engines/duckdb/",
    "unit/errands/clouds/test_asked.py",
    "unit/gather/",
    "unit/history/",
    "unit/intake/test_lists.py",
    "unit/judge/stores/",
    "unit/judge/test_belonging.py::test_whether_a_part_says_whose_it_is_is_the_same_in_files_and_in_a_store",
    "unit/lint/test_check.py::test_a_chain_of_thousands_of_extracts_is_refused",
    "unit/lint/test_unreachable_condition.py::test_what_is_flagged_decides_on_no_object",
    "unit/load/test_schema.py::test_the_library_is_valid",
    "unit/pieces/reports/test_alike.py::test_more_than_memory_holds_is_settled",
    "unit/pieces/tables/",
    "unit/site/",
    "unit/store/queries/",
    "unit/store/test_nest.py",
    "unit/store/test_store_processes.py",
    "unit/test_processes.py",
)
"""What of these rooms makes histories, sites and stores, asks all of the library or reads all of the code."""

PACES: Final = ("quick", "test", "slow", "all")


def is_left_out(place: str, pace: str) -> bool:
    """Whether a test, or a file or directory of tests, has no part in a pace. ``place`` stands after ``tests/``."""
    slow = _begins(place, SLOW)
    if pace == "slow":
        # A directory or file is gone into where some of it is slow.
        return not slow and not any(one.startswith(place) for one in SLOW)
    if pace == "quick":
        return slow or _begins(place, NOT_QUICK) or not _begins(place, ROOMS_OF_QUICK)
    return pace == "test" and slow


def _begins(place: str, starts: Iterable[str]) -> bool:
    return any(place.startswith(start) or place + "/" == start for start in starts)
