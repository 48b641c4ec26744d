"""Tables of objects: their schema, and the conversion from nested objects to rows."""
