"""Which tests `make quick`, `make test` and `make slow` run: `--pace`. All run without it, and by `make test PACE=all`.

A place is how a test's name begins, after `tests/`. `test_every_place_is_there` (house) says which of them are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SLOW: Final = (
    "browser/",
    "cli/test_all_forms.py::test_nothing_is_written_in_every_form",
    "cli/test_check_stores_whole.py::test_memory_does_not_grow_with_the_users",
    "cli/test_drawn_by_many.py",
    "cli/test_forms.py::test_a_history_is_written_as_check_writes_and_valid",
    "cli/test_import.py::test_a_killed_import_leaves_the_last_snapshot_in_force_wherever_it_dies",
    "cli/test_import.py::test_an_import_that_is_interrupted_leaves_nothing",
    "cli/test_irregular_files.py",
    "cli/test_lean.py",
    "cli/test_new.py::test_a_policy_about_each_kind_of_field_is_sound_on_every_engine",
    "cli/test_new.py::test_a_policy_about_each_type_of_the_library_is_sound",
    "cli/test_process.py::test_a_reader_that_leaves_early_ends_the_command_quietly",
    "cli/test_process.py::test_verdicts_go_to_stdout_the_same_bytes_whatever_the_hash_seed_the_locale_and_the_way_in",
    "cli/test_process.py::test_what_was_judged_is_kept_though_its_reader_leaves_early",
    "cli/test_site_built.py::test_serve_counts_pages_on_a_terminal_while_it_builds",
    "differential/test_histories.py",
    "differential/test_library_stores.py",
    "differential/test_report_roads.py::test_both_roads_lead_to_the_same_judgement",
    "differential/test_spark.py::test_a_file_comes_to_the_same_findings",
    "differential/test_spark.py::test_a_histories_steps_on_spark_are_those_that_a_commit_made",
    "differential/test_spark.py::test_neither_the_order_of_rows_nor_their_partitions_matter",
    "differential/test_spark.py::test_the_librarys_own_tests_pass_on_spark",
    "differential/test_spark_check.py",
    "differential/test_spark_cluster.py::test_a_jvm_that_was_given_up_before_it_was_there_ends_all_the_same",
    "differential/test_spark_cluster.py::test_a_listener_that_is_no_master_is_given_up",
    "differential/test_spark_cluster.py::test_a_store_is_judged_by_workers_even_when_one_dies",
    "differential/test_spark_cluster.py::test_an_organization_that_was_collected_is_judged_by_workers_as_by_duckdb",
    "differential/test_written.py",
    "docs/test_contributing.py",
    "docs/test_examples.py::test_commands_do_as_shown[docs/how-to/",
    "docs/test_python.py::test_the_wheel_that_is_built_installs_and_the_how_to_runs",
    "docs/test_terraform.py",
    "house/test_bench.py",
    "house/test_library.py::test_test_objects_hold_every_key_that_is_read",
    "house/test_ways_in.py",
    "property/test_access_levels.py::test_no_single_condition_narrows_more_than_it_does",
    "property/test_hostile_text.py::test_operations_with_any_arguments_give_diagnostics_only",
    "property/test_load_dump.py",
    "property/test_order.py",
    "property/test_silent_checks.py",
    "servers/test_collect_aws.py::test_a_scan_of_types_is_judged_by_what_reads_nothing_else",
    "servers/test_collect_network.py",
    "servers/test_organization.py::test_a_killed_process_is_gone_on_with",
    "servers/test_organization.py::test_a_report_that_is_for_ever_in_progress_is_not_known",
    "servers/test_organization.py::test_large_documents_and_odd_names_are_kept_as_they_are",
    "servers/test_organization.py::test_one_throttled_account_stops_no_other_and_few_failures_are_mended",
    "servers/test_organization.py::test_what_is_interrupted_is_gone_on_with_and_nothing_is_done_twice",
    "servers/test_organization.py::test_what_is_no_answer_is_not_known",
    "servers/test_organization.py::test_what_stands_unfinished_is_told_and_pruned",
    "servers/test_planted.py",
    "servers/test_roles.py",
    "servers/test_window.py",
)
"""What takes long for what it asks beside others: a browser, what is killed, guides, bad answers, what measures."""

ROOMS_OF_QUICK: Final = ("conformance/", "house/", "unit/")

NOT_QUICK: Final = (
    "conformance/test_company.py",
    "house/test_library.py",
    "house/test_library_commands.py",
    "house/test_rooms.py",
    "house/test_structure.py::test_no_function_is_too_long",
    "unit/collect/test_credential_report.py::test_what_a_csv_writer_writes_is_read_back",
    "unit/collect/test_merge.py::test_merging_does_not_depend_on_order_and_loses_no_reading",
    "unit/collect/test_read.py::test_what_others_have_made_is_collected_as_before",
    "unit/config/test_configuration.py::test_whatever_a_file_says_it_is_read_or_refused",
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
    "unit/meaning/test_logging_query.py::test_the_longest_filters_are_read_in_a_moment",
    "unit/pages/test_page.py::test_keys_are_the_same_in_every_process",
    "unit/pieces/reports/test_alike.py::test_more_than_memory_holds_is_settled",
    "unit/pieces/tables/",
    "unit/site/",
    "unit/store/queries/",
    "unit/store/test_nest.py",
    "unit/store/test_store_processes.py",
    "unit/test_processes.py",
)
"""What of these rooms makes histories, sites and stores, asks all of the library, reads all of the code or draws for long."""

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
