"""The one deadline of a call, and what its thread hands over."""

from __future__ import annotations

from concurrent.futures import CancelledError
from time import monotonic

import pytest

from perpend.core.errors import PerpendError
from perpend.core.http_client import before


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ConnectionResetError(), ConnectionResetError),
        (PerpendError("refused"), PerpendError),
        pytest.param(
            KeyError("a fault"),
            CancelledError,
            marks=pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
        ),
    ],
)
def test_a_call_hands_over_only_the_errors_that_it_means(error: Exception, raised: type[BaseException]) -> None:
    def call() -> None:
        raise error

    with pytest.raises(raised):
        before(monotonic() + 60, call)
