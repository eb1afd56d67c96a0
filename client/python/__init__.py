"""What `stackroom.client.connect` and `connect_sync` give to scripts: profiles, edits, values."""
