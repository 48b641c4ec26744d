"""What a history answers, as text for people, Markdown for reviews, and rows for machines. Refuses to know how it is kept."""
