"""Profiles, and what is brought to them from files: plan, apply, drift."""
