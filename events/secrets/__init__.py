"""Credentials in plain text, and redaction: how a value goes out of a history."""
