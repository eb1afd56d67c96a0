"""Changes made for an end: a commit undone, what was brought back, a conflict resolved."""
