"""Tables in files, whatever form they have, brought into a store: bytes, columns, names of fields, relations."""
