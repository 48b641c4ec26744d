"""The questions that programs ask a store, whether it is a directory here or a server elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from perpend.findings.filters import ORDERS, WAIVED

if TYPE_CHECKING:
    from collections.abc import Sequence


class StoreReader(Protocol):
    """The questions that ``open`` and ``connect`` both answer, with the same rows."""

    __slots__ = ()

    def findings(self, *, waived: str = WAIVED[0], order: str = ORDERS[0], **filters: object) -> list[dict[str, Any]]:
        """Return the findings that filters choose, by default the open ones."""

    def diff(self, before: str | int | None = None, after: str | int | None = None) -> list[dict[str, Any]]:
        """Return the findings that differ between two runs, by default the last two."""

    def compliance(
        self, framework: str | Sequence[str] = (), *, account: str | Sequence[str] = (), inherited: bool = False
    ) -> list[dict[str, Any]]:
        """Return the requirements of frameworks, of all by default."""
