"""A hub as a process on a machine: its folder, its settings, backups, and how it fares."""
