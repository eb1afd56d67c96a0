"""Exchanges with a hub: from what waits here to what it answers, and what that leaves."""
