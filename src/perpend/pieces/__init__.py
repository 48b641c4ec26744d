"""Reports and tables in, pieces of tables out: relations of SQL over files, each with what is known of its columns."""
