"""Import table files: check their bytes, read their columns, and compare these with the declared fields."""
