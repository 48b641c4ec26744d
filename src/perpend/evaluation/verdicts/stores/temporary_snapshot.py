"""Inputs in, a snapshot of a store that is gone afterwards out: what files alone cannot join is judged there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.inventory.importers.inputs import Imported, import_estate, import_inputs
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.input import Input
    from perpend.inventory.readers.read import Collected


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
        yield import_estate(Store(directory / "store"), collected.inventory, declared=declared, failures=collected.failures)
