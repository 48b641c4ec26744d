"""Show a served store as web pages. Every state is an address, and everything works without JavaScript."""
