"""Tables of calls and types, a module for each service or a few related ones."""
