"""What tells two constants of programs apart: a text that every process and every version of Python makes alike."""

from __future__ import annotations

import json


def constant_text(value: object) -> str:
    """Return a text that two constants share exactly when they are the same, and of one kind: 1, 1.0, true and "1" are four."""
    return json.dumps(value)
