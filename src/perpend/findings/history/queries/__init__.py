"""What a history holds as views for SQL, and the questions that commands ask of them."""
