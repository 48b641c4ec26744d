"""Kinds of files that hold several types, or rows of another tool, and what reads each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.collect.formats.authorization_details import read_details
from perpend.collect.formats.config_items import read_config
from perpend.collect.formats.prowler import read_prowler
from perpend.collect.formats.tool_tables import read_cloudquery, read_steampipe
from perpend.collect.kinds import CLOUDQUERY, CONFIG, DETAILS, PROWLER, STEAMPIPE, InputKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.collect.formats.held import Contents

READERS: Final[Mapping[InputKind, Callable[[bytes, str], Contents]]] = {
    DETAILS: read_details,
    CONFIG: read_config,
    PROWLER: read_prowler,
    STEAMPIPE: read_steampipe,
    CLOUDQUERY: read_cloudquery,
}
