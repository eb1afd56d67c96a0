"""Connections: from the first packet to the last frame, and what each may cost."""
