"""What the hub signs, and where that is kept elsewhere."""
