"""A repository, and what the engine knows of it, in; a site of static pages out. Refuses to know engines."""
