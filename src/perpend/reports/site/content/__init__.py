"""What pages say, as values: one kind of page a module. Refuses to know HTML, SVG and Markdown."""
