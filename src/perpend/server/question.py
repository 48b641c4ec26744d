"""The question for findings that interfaces ask a served run."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.findings.filters import Filter

if TYPE_CHECKING:
    from collections.abc import Hashable

    from perpend.server.scope import ReaderScope


@dataclass(frozen=True, slots=True)
class Question:
    """The findings that a reader asks for. ``filter`` has the declared filters; without states, open findings are meant.

    ``waived`` is ``all``, ``yes`` or ``no``. ``scope`` limits every answer, numbers too.
    """

    scope: ReaderScope
    filter: Filter = field(default_factory=Filter)
    waived: str = "all"

    @property
    def key(self) -> Hashable:
        """What two equal questions have in common."""
        values = tuple(sorted((name, tuple(sorted(values))) for name, values in self.filter.values.items()))
        return values, self.waived, self.scope
