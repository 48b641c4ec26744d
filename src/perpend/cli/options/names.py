"""The option ``--names``: labels of types and fields, or labels with API names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perpend.core.objects.labels import Labels, Names
from perpend.language.compiler.names import DeclaredTypes

if TYPE_CHECKING:
    from perpend.language.syntax.repository import Repository

names_option = click.option(
    "--names",
    type=click.Choice([one.value for one in Names]),
    default=Names.LABELS.value,
    show_default=True,
    help="In text for people: name types and fields by their labels, or by labels and API names.",
)


def labels_of(repository: Repository, names: str = Names.LABELS) -> Labels:
    """Return the labels of the types that a repository or its fallback declares."""
    return Labels(DeclaredTypes(repository), Names(names))
