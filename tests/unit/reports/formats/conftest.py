"""Evaluations of stores, from which formats are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.inventory import CloudObject
from perpend.evaluation.verdicts.evaluation import Evaluation
from tests.unit.reports.terminal.evaluations import stored_evaluation

Evaluate = Callable[..., Evaluation]


@pytest.fixture
def evaluate() -> Iterator[Evaluate]:
    """Return the function that evaluates things, each time in a store of its own."""
    numbers = count()
    with ExitStack() as stack:

        def evaluated(root: Path, *things: CloudObject, **more: Any) -> Evaluation:
            return stack.enter_context(stored_evaluation(root / f"case {next(numbers)}", *things, **more))

        yield evaluated
