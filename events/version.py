"""Which version of Stackroom this is: said once, here. `pyproject.toml` reads it, and so does the hub."""

VERSION = "0.1.0"
