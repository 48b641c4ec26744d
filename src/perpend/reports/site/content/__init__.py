"""The content of pages as values. Each kind of page has a module."""
