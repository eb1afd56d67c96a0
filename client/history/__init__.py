"""The history of a profile, as people ask for it: moments, comparisons, runs, audits."""
