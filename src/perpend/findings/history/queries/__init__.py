"""SQL views of a history, and the queries of commands."""
