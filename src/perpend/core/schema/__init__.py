"""What a table of objects is: columns, joins and marks as a schema, objects to rows, a catalogue's tables.

Refuses to know where rows are kept and who asks for them.
"""
