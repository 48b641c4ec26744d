"""Import inputs into a snapshot of a store."""
