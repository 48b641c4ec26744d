"""The tags of objects: a row names a member of its listing, or the call that shows the tags of many objects at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.model import IDENTITY_OF, CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.core.values.tags import TAGS_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESOURCES: Final = "tagging.resources"
"""The call that shows the tags of the objects of many services."""

TABLE: Final = ServiceTable(
    (
        CloudCall(
            RESOURCES,
            "resourcegroupstaggingapi",
            "GetResources",
            "tag:GetResources",
            "ResourceTagMappingList",
            {"ResourcesPerPage": 100},
        ),
    )
)


def tagging_call(by: str = IDENTITY_OF, region: str = "") -> DetailCall:
    """Return the tagging call of a row. ``by`` is the item's member with its ARN, ``region`` the path of the region to call."""
    return DetailCall(RESOURCES, matched=(by, "ResourceARN"), unmatched={"Tags": []}, region=region)


def with_tags(rows: Mapping[str, TypeRow]) -> dict[str, TypeRow]:
    """Return rows of types with the field of their tags, for the types whose tags can be read."""
    return {name: replace(_tagged(row), also=tuple(map(_tagged, row.also))) for name, row in rows.items()}


def _tagged(row: TypeRow) -> TypeRow:
    if not row.tags:
        return row
    if isinstance(row.tags, DetailCall):
        source = FieldSource("Tags", "tags", row.tags.call)
        return replace(row, fields={**row.fields, TAGS_FIELD: source}, details=(*row.details, row.tags))
    return replace(row, fields={**row.fields, TAGS_FIELD: FieldSource(row.tags, "tags")})


def with_tagged_services(calls: Mapping[str, CloudCall], rows: Iterable[TypeRow]) -> dict[str, CloudCall]:
    """Return calls with the tagging call for the services of the rows that need it.

    Its filter names a service as the permission of the listing does.
    """
    tagged = [row for row in rows if isinstance(row.tags, DetailCall) and row.tags.call == RESOURCES]
    services = sorted({(calls[row.listed].permission or "").partition(":")[0] for row in tagged})
    resources = calls[RESOURCES]
    parameters = {**resources.parameters, "ResourceTypeFilters": services}
    return {**calls, RESOURCES: replace(resources, parameters=parameters)}
