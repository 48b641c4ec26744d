"""Print the content of a repository, and the results of its tests, as text and JSON."""
