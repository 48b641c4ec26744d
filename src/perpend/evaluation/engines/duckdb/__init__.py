"""A plan and tables in, verdict codes out: DuckDB, with columns kept between runs."""
