"""Histories that part after a restore: what was lost comes back, or is given up."""
