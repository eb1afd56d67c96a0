"""Hubs: running one (`stackroom hub …`), and coming to one (`join`, `connect`, `ui`)."""
