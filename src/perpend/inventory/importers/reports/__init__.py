"""Large credential reports in, the same tables out as by way of objects: rows that never become Python values."""
