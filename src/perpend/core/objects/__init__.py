"""Cloud objects, their types, their status, and the claims that say which lists are complete."""
