"""Working with others: sync, what waits, conflicts, change requests, how things stand."""
