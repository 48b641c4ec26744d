"""What is asked of a snapshot in SQL: views that people query, rows of an owner, texts like one."""
