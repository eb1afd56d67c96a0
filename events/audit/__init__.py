"""Verifying a history: of a log, or of an export; what does not fit, and the proof of one commit."""
