"""Reports on a story of three weeks, the same each time: what is found in it, and how that is rendered."""
