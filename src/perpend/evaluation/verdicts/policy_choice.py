"""A choice of policies by a user: of a run, or of an evidence pack that is verified again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.evaluation.verdicts.selection import select_policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perpend.core.objects.inventory import Inventory
    from perpend.evaluation.verdicts.selection import Selection
    from perpend.inventory.snapshots.snapshot import Snapshot
    from perpend.language.compiler.analyzer import Analyzer


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChoice:
    """The policies to evaluate: ids, globs or folders, and frameworks or sections. Without both, all policies.

    ``inherited`` adds the policies that reach a framework through rules or similar sections. ``standing``: the policies are a
    default, and those for other object types are left out instead of being an error.
    """

    policies: Sequence[str] = ()
    frameworks: Sequence[str] = ()
    inherited: bool = False
    exclude: Sequence[str] = ()
    standing: bool = False

    def select(self, analyzer: Analyzer, over: Inventory | Snapshot) -> Selection:
        """Return the policies that can evaluate these objects. Raises UnknownName for a policy that does not exist."""
        return select_policies(
            analyzer,
            self.policies,
            framework=self.frameworks,
            inherited=self.inherited,
            exclude=self.exclude,
            standing=self.standing,
            over=over,
        )
