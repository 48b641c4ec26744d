"""Report an error that no code expected: a request or an assistant's call ends with it, the server goes on."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

from perpend.core.diagnostics.escape import inert, visible

_LONGEST: Final = 500


def report(error: Exception) -> None:
    """Say on standard error that an unexpected error occurred, in one line; with ``PERPEND_DEBUG``, the traceback."""
    if os.environ.get("PERPEND_DEBUG"):
        traceback.print_exception(error)
    else:
        text = visible(f"{type(error).__name__}: {error}")[:_LONGEST]
        sys.stderr.write(inert(f"perpend: internal error: {text} (set PERPEND_DEBUG=1 for the traceback)") + "\n")
        sys.stderr.flush()
