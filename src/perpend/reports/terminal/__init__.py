"""Print results in the terminal, and write their JSON and Markdown."""
