"""The JSON files of a repository, beside test data: tables of mappings, catalogues of types, and where things stand in them."""
