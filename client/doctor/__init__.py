"""`stackroom doctor`: checks of a home and of a hub's folder, repairs, and a bundle for a bug report.

A check is a plain function from facts to findings, one idea a file: `files`, `room`, `meeting` (clock, token,
version), `waiting`, `proofs`, `leftovers`, `configuration`. `home` and `hub_folder` gather the facts and run
them all; `repairing` does what is safe; `bundle` writes what may leave the machine. Imported by the command
line alone.
"""
