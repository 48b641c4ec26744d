"""Write rows of one table to a file of JSON lines, and track the forms of its columns.

Memory does not grow with the rows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.core.schema.shred import form_of_value
from perpend.core.schema.tables import CONTRADICTED, OWNER, ROW, SOURCE, Form, is_companion
from perpend.inventory.snapshots.files import naming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SYSTEM: Final = frozenset((ROW, OWNER, SOURCE, CONTRADICTED))
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class RowSpool:
    """The rows of one table in a file. Values stay as they are; variants become JSON text when the file is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.longest = 0
        self._forms: dict[str, Form] = {}
        self._names: set[str] = set()
        self._count = 0
        with naming(path):
            self._stream = path.open("w", encoding="utf-8", newline="")

    def append(self, row: dict[str, Any], /) -> None:
        """Add a finished row."""
        forms = self._forms
        for name, value in row.items():
            if value is None:
                continue
            form = form_of_value(value)
            if forms.setdefault(name, form) is not form:
                forms[name] = Form.VARIANT
        self._names.update(row)
        line = _ENCODE(row)
        self.longest = max(self.longest, len(line))
        with naming(self.path):
            self._stream.write(f"{line}\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self.close()
        with self.path.open(encoding="utf-8") as stream:
            yield from map(json.loads, stream)

    def close(self) -> None:
        """Finish the file."""
        with naming(self.path):
            self._stream.close()

    @property
    def forms(self) -> dict[str, Form]:
        """The form of each value column. A column with only nulls is a text column."""
        names = sorted(name for name in self._names if name not in _SYSTEM and not is_companion(name))
        return {name: self._forms.get(name, Form.TEXT) for name in names}

    @property
    def marks(self) -> frozenset[str]:
        """The companion and system columns with a value in some row."""
        return frozenset(name for name in self._forms if is_companion(name) or name in _SYSTEM)
