"""Import inputs into a temporary store, because only a store can join them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.inventory.importers.inputs import Imported, import_inputs, import_inventory
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
    """Yield the result of an import. An input that cannot be used raises as in an import, unless ``keep_going``."""
    with scratch() as directory:
        yield import_inputs(Store(directory / "store"), inputs, declared=declared, keep_going=keep_going, progress=progress)


@contextmanager
def joined(collected: Collected, *, declared: Callable[[str], ObjectType | None]) -> Iterator[Imported]:
    """Yield the result of importing files that are in memory already."""
    with scratch() as directory:
        yield import_inventory(Store(directory / "store"), collected.inventory, declared=declared, failures=collected.failures)
