"""Which policies of the library a costly test asks: some, spread over all; each of them with ``PERPEND_LIBRARY_STEP=1``."""

from __future__ import annotations

import os
from collections.abc import Sequence

STEP = int(os.environ.get("PERPEND_LIBRARY_STEP", "12"))


def sampled(policies: Sequence[str]) -> list[str]:
    """Return every so many policies, in the order of their ids."""
    return sorted(policies)[::STEP]
