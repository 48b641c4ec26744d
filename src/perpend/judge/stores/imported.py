"""Inputs in, a snapshot of a store that is gone afterwards out: what files alone cannot join is judged there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.intake.inputs import Imported, import_estate, import_inputs
from perpend.store.scratch import scratch
from perpend.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.collect.read import Collected
    from perpend.intake.input import Input
    from perpend.ir.object_types import ObjectType


@contextmanager
def imported(
    inputs: Sequence[Input],
    *,
    declared: Callable[[str], ObjectType | None],
    keep_going: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Imported]:
    """Yield what comes of importing inputs. The first that cannot be used raises as an import does, unless ``keep_going``."""
    with scratch() as directory:
        yield import_inputs(Store(directory / "store"), inputs, declared=declared, keep_going=keep_going, progress=progress)


@contextmanager
def joined(collected: Collected, *, declared: Callable[[str], ObjectType | None]) -> Iterator[Imported]:
    """Yield what comes of importing what collectors have read."""
    with scratch() as directory:
        yield import_estate(Store(directory / "store"), collected.estate, declared=declared, failures=collected.failures)
