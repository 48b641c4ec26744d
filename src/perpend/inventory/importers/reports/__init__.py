"""Import credential reports with DuckDB, without a Python value per row."""
