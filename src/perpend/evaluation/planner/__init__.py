"""Programs of one input type in, one relational plan for all of them out. Refuses to know any engine's dialect."""
