"""Pages as values in, HTML and Markdown out. Refuses to know repositories."""
