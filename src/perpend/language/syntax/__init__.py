"""A directory in, a repository of documents out: every value with its place, all dialects read. Refuses to know meaning."""
