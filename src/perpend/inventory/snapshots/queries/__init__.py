"""SQL queries over a snapshot: views for users, the rows of an owner, similar texts."""
