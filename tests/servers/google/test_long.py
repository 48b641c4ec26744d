"""A collection of an organization that is killed ten times and resumed is the one that nobody disturbs, at one moment."""

from __future__ import annotations

import pytest

pytest.importorskip("google.auth", reason="the extra google is not installed")
pytest.importorskip("googleapiclient", reason="the client for tests is not installed")

from tests.servers.google.long import measured

pytestmark = pytest.mark.slow


def test_a_collection_that_is_killed_ten_times_ends_with_the_same_objects_of_the_same_moment() -> None:
    figures = measured(4, 60, kills=10)
    assert (10, 0, 1) == (figures["kills"], figures["twice"], figures["moments"])
    assert figures["same"] and figures["rows"] >= 4 * 60
