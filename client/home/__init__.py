"""The home: all that is kept on this machine."""
