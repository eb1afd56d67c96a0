"""A damaged home: what can still be read of it, and what can be fetched again."""
