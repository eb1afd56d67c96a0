"""Questions to the past, and undoing: log, show, diff, blame, tags, runs, reports, revert, redact."""
