"""A collection of subscriptions that is killed ten times and resumed is the one that nobody disturbs."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")

from tests.servers.azure.long import measured

pytestmark = pytest.mark.slow


def test_a_collection_that_is_killed_ten_times_ends_with_the_same_tables_and_reads_no_list_twice() -> None:
    figures = measured(6, 120, kills=10)
    assert (10, 0, True) == (figures["kills"], figures["twice"], figures["same"])
    assert figures["rows"] >= 6 * 120
