"""The dashboard's YAML reader and the command line's: no text means one thing to one and another to the other."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.load import load
from stackroom.events.values import Value, same
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, token_of
from tests.dashboard.test_hostile import TRICKY

WORDS = [
    *(text for text in TRICKY if isinstance(text, str)),
    *("-.inf", ".nan", "0X10", "1.", "1.5", "+1", "-0", "+0", "-0.0", "1.e+3", "1.5e3", "1.5e+3"),
    *("1E+3", "1.0E+3", ".5", "+.5", "-.5", "00.5", "0o17", "0b1", "9" * 23, str(2**64 - 1)),
    *(str(2**64), str(-(2**63)), str(-(2**63) - 1), "1e400", "1.0e+400", "TRUE", "tRue", "on"),
    *("[a, b]", "{a: b}", "{a}", "[a: b]", "{a: b, a: c}", "[", "{", "a\n  b", '"\\u0041"'),
    *('"\\ud83d\\ude00"', '"\\ud83d"', '"\\\\ud83d"', '"\\q"', "|\n  x\n  y\n", ">-\n  x\n\n  z\n"),
    *("|+\n  x\n\n", "- - 1\n- 2", "!!str 1", "! 1", "!!int 1", "!!map {}", "!foo 1", "a : b"),
    *("a:b", "a:", "'a''b'", '"a\\\n  b"', "&x 1", "<<: {a: 1}", "? a\n: b", "é: ü", "a\tb"),
]
"""What stands after a key, in a list, as a key, alone."""

TEXTS = [
    *(shape.replace("@", word) for shape, word in product(("@", "a: @", "- @", "@: a"), WORDS)),
    *("x: &a [1, 2]\ny: *a", "x: &a\n  b: *a", "---\na: 1\n...\n", "a: 1\n---\nb: 2", "\ufeffa: 1"),
    *("%YAML 1.1\n---\na: no", "# only\n", "\ta: 1", "a: 1\r\nb: 2\r\n", "null: 1", "1: 1", ": 1"),
    *("a:\n- b\n- c", "a:\n  - b\n  -\n  - ", "{a: 1,}", "[? a : b]", "a: 'unclosed", "a: @x"),
    *("- a\nb: c", "a: 1\n b: 2", "a:\n    b: 1\n  c: 2", "__proto__: 1", "a: {__proto__: {b: 1}}"),
    "a: " + "[" * 40 + "]" * 40,
    "a: &a [x]\n"
    + "".join(
        f"{c}: &{c} [{', '.join([f'*{b}'] * 60)}]\n" for b, c in zip("abc", "bcd", strict=False)
    ),
]

LINES = [
    ("kind: component\nname: a\nname: b\n", 3),
    ("a: 1\nb: [1, 2\nc: 3\n", 3),
    ("a:\n  b: 99999999999999999999999\n", 2),
    ("a: 1\nb: .inf\n", 2),
    ("a: 1\nb: *x\n", 2),
    ("a: 1\nb:\n  - x\n  - !!set {}\n", 4),
    ("a: 1\nb: \x07\n", 2),
    ("a: 1\nb: c: d\n", 2),
]
"""What is refused by both, and the line that both name."""

SAMPLES = sorted(Path(__file__).parents[1].glob("zenml/**/*.yaml"))

READ = """async (texts) => {
  const base = document.querySelector("script[type=module]").src.replace(/app\\.js$/, "");
  const { read } = await import(`${base}later/yaml_reader.js`);
  const { inline } = await import(`${base}lib/exact.js`);
  return texts.map((text) => {
    try { return [inline(read(text)), 0]; } catch (fault) {
      if (!fault.line) throw fault;
      return [null, fault.line];
    }
  });
}"""


@pytest.fixture
def page(story: Hub, opens: Opens) -> Page:
    return opens(story).sign_in(token_of(story)).page


def in_python(text: str) -> tuple[Any, int]:
    """The value and 0, or None and the line of the fault."""
    try:
        return load(text, "text")[0].plain(), 0
    except StackFileError as error:
        return None, error.line or 1


def test_what_both_read_is_the_same(page: Page) -> None:
    texts = [*TEXTS, *(path.read_text() for path in SAMPLES)]
    assert len(texts) > 300
    for text, (written, refused) in zip(texts, page.evaluate(READ, texts), strict=True):
        value, line = in_python(text)
        if refused:
            # It takes what is in doubt for a fault: characters that end a line in YAML 1.1 alone.
            assert line or set(text) & set("\u0085\u2028\u2029"), text
        else:
            assert not line or text.endswith("\t"), text
            read: Value = json.loads(written)
            assert line or same(value, read), text


@pytest.mark.parametrize(("text", "line"), LINES)
def test_both_name_the_line_of_a_fault(page: Page, text: str, line: int) -> None:
    assert in_python(text) == (None, line)
    assert page.evaluate(READ, [text]) == [[None, line]]
