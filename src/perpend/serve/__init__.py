"""A built site in, the same site for a browser on this machine out, made anew when something changes."""
