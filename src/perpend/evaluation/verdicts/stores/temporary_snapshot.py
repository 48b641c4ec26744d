"""Import inputs into a temporary store, so that they are evaluated like a stored snapshot."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from perpend.inventory.importers.inputs import Imported, import_inputs
from perpend.inventory.snapshots.store import Store
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perpend.core.objects.object_types import ObjectType
    from perpend.inventory.importers.input import Input


@contextmanager
def temporary_snapshot(
    inputs: Sequence[Input],
    *,
    declared: Callable[[str], ObjectType | None],
    keep_going: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Imported]:
    """Yield the result of importing inputs into a store that is removed at the end of the block.

    An input that cannot be used raises as in an import, unless ``keep_going``.
    """
    with scratch() as directory:
        store = Store(directory / "store")
        yield import_inputs(store, inputs, declared=declared, keep_going=keep_going, progress=progress, temporary=True)
