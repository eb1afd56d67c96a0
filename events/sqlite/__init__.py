"""SQLite: how a file is opened, made and migrated, and the log in one."""
