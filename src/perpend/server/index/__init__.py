"""The index of one run: private files that make questions about findings fast, and the database that answers from them."""
