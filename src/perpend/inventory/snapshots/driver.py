"""DuckDB's driver without the Python layer of its package, which is not used here and loads slowly.

Compare `python -X importtime -c "import duckdb"` with `import _duckdb`.
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:  # other versions of DuckDB name the driver differently
    import duckdb  # type: ignore[no-redef]  # the same things, under its public name

__all__ = ["duckdb"]
