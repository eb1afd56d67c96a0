"""What fuzzing found worth keeping, once more, and without the fuzzer."""

import importlib
from pathlib import Path

import pytest

from tests.fuzz import CORPUS, TARGETS

MOST_BYTES = 300_000


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_breaks_nothing(target: str) -> None:
    one = importlib.import_module(f"tests.fuzz.{target}").one
    inputs = sorted((CORPUS / target).iterdir())
    assert len(inputs) > 10
    for path in inputs:
        try:
            one(path.read_bytes())
        except BaseException as error:
            error.add_note(f"the input: {path.relative_to(Path.cwd())}")
            raise


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES
