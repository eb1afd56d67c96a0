"""Fuzzing: bytes that nobody thought of, given to what reads the bytes of strangers.

A target is a module with a function `one(data)`, which raises where something is not as it must be:
`decoder`, `values`, `session`, `yaml`. `make fuzz` runs them under atheris (coverage-guided, in process);
what it found worth keeping is in `corpus/`, and `test_corpus.py` replays that without it.
"""

from pathlib import Path
from typing import Final

TARGETS: Final = ("decoder", "values", "session", "yaml")
CORPUS: Final = Path(__file__).parent / "corpus"
