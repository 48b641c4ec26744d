"""What a store holds, and what it answers to SQL, as text, JSON and CSV."""
