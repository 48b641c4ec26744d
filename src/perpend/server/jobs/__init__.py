"""Start configured runs as child processes of the server, follow them, and end them."""
