"""A repository in, typed and numbered programs out, with everything that is wrong or suspicious. Refuses to know engines."""
