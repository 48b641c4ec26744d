"""How each operation is planned: one function per operation, an expression's use in, a value with its guards out."""
