"""What names mean inside one block of a logic file, or inside one extract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perpend.core.objects.ids import type_of_extracts

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from perpend.core.objects.object_types import ObjectType


@dataclass(frozen=True, slots=True)
class NameScope:
    """The object type, the imports in force (``nearest``: those of this very block), the related lists declared here.

    ``torn``: some import could not be read, so a name that no other import has may well stand there.
    """

    type: ObjectType
    imports: tuple[str, ...]
    nearest: tuple[str, ...] = ()
    relationships: frozenset[str] = frozenset()
    torn: bool = False

    def holders(self, name: str, reached: ObjectType, lookups: list[str], names: Callable[[str], Container[str]]) -> list[str]:
        """Return the imports that may hold an extract of the type that lookups reach. ``names`` gives those of a file.

        Where nothing declares the type reached, imports of this very block go first, then those whose type is named
        like the lookup (``CA10__loadBalancer__r``: ``CA10__CaAwsLoadBalancer__c``).
        """
        having = [extracts_id for extracts_id in self.imports if name in names(extracts_id)]
        if reached.name:
            return [extracts_id for extracts_id in having if type_of_extracts(extracts_id) == reached.name]
        near = [extracts_id for extracts_id in having if extracts_id in self.nearest] or having
        if len(near) > 1 and lookups:
            word = lookups[-1].removesuffix("__r").rpartition("__")[2].lower()
            near = [
                extracts_id for extracts_id in near if type_of_extracts(extracts_id).removesuffix("__c").lower().endswith(word)
            ] or near
        return near
