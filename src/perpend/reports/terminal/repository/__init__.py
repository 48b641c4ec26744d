"""What a repository holds, and how its tests went, as text and JSON."""
