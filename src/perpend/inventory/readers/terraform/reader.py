"""Read a plan or a state of Terraform or OpenTofu into objects. It claims nothing of an account or a region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import Origin, PlannedObject
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.formats import Outline
from perpend.inventory.readers.terraform.document import Document, read_document
from perpend.inventory.readers.terraform.mapping import aws_map
from perpend.inventory.readers.terraform.planned import Planned
from perpend.inventory.readers.terraform.refusals import LINES
from perpend.inventory.readers.tools.contents import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.inventory.readers.files import InputText
from perpend.inventory.readers.tools.contents import Contents

_UNIT: Final = "resource"


def read_terraform(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read a plan or a state into ``contents``. Raises UnusableContent with the command to run if the text is neither."""
    if "@level" in Outline(text.head()).members:
        raise UnusableContent(LINES)
    mapping = aws_map()
    document = Document()
    for _ in read_document(text, mapping.attributes, document):
        yield
    planned = Planned(document, mapping, planned_account=contents.planned_account, scope=source)
    for mapped, fields, resource in planned.objects():
        contents.add(Found(mapped.name, fields, Origin(source, resource.position, _UNIT)))
        if not document.is_state:
            identity = fields["Id"]
            contents.planned.append(PlannedObject(identity, resource.address, planned.is_changed(identity)))
        yield
    if not document.is_state:
        contents.planned += [PlannedObject(one, of.address, planned.is_changed(one)) for one, of in planned.listed]
    contents.observed_at = document.timestamp
    reasons = {type_name: f"{reason}" for type_name, reason in planned.open_lists.items()}
    contents.lacking = (
        *((Claim("", lacking=planned.partial),) if planned.partial else ()),
        *(Claim(type_name, lacking=reason) for type_name, reason in sorted(reasons.items())),
    )
