"""What is not a stack file gets a sentence, a place and a hint; and never costs much."""

from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.zenml import StackFileError, limits, parse_stack

GOOD = "components: {orchestrator: {name: o, flavor: local}}\nstack_name: s\n"


class Bad(NamedTuple):
    text: str | bytes
    what: str
    line: int | None
    hint: str


def component(inner: str) -> str:
    return f"components:\n  orchestrator: {inner}\nstack_name: s\n"


def nested(levels: int) -> str:
    return GOOD + "deep: " + "[" * levels + "]" * levels + "\n"


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    return GOOD + "\n".join(lines) + "\n"


TABLE = {
    "empty": Bad("", "is empty", None, "export"),
    "only a comment": Bad("# nothing\n", "is empty", None, "export"),
    "only a marker": Bad("---\n", "is empty", None, "export"),
    "a list": Bad("- a\n- b\n", "this is a list", 1, "components"),
    "text": Bad("hello\n", "this is text", 1, "components"),
    "not YAML": Bad("components: }\nstack_name: s\n", "not YAML", 1, "correct"),
    "a tab as indent": Bad("components:\n\torchestrator: x\n", "not YAML", 2, "correct"),
    "an undefined tag handle": Bad("a: !x!y 1\n", "not YAML", 1, "correct"),
    "an escape beyond Unicode": Bad('a: "\\UFFFFFFFF"\n', "not YAML", None, "escape"),
    "another version": Bad("%YAML 1.11\n---\na: 1\n", "no version that is read", None, "remove"),
    "no components": Bad("stack_name: s\n", "has no components", 1, "components:"),
    "null components": Bad("components:\nstack_name: s\n", "has no components", 1, "components:"),
    "components a list": Bad("components: []\nstack_name: s\n", "is a list", 1, "under its type"),
    "no stack_name": Bad("components: {}\n", "has no stack_name", 1, "stack_name"),
    "a number as stack name": Bad("components: {}\nstack_name: 7\n", "is a number", 2, "quote"),
    "a number as name": Bad(component("{name: 7, flavor: x}"), "is a number", 2, "quote"),
    "a boolean as name": Bad(component("{name: true, flavor: x}"), "is a boolean", 2, "quote"),
    "a mapping as name": Bad(component("{name: {}, flavor: x}"), "is a mapping", 2, "quote"),
    "a number as flavor": Bad(component("{name: o, flavor: 1.5}"), "is a number", 2, "quote"),
    "a number as version": Bad(GOOD + "zenml_version: 0.10\n", "is a number", 3, "quote"),
    "no name": Bad(component("{flavor: x}"), "has no name", 2, "name"),
    "no flavor": Bad(component("{name: o}"), "has no flavor", 2, "flavor"),
    "a component of text": Bad(component("local"), "is text", 2, "mapping"),
    "an empty component": Bad(component(""), "is empty", 2, "mapping"),
    "an empty list of components": Bad(component("[]"), "lists no component", 2, "remove"),
    "a list in the list": Bad(component("[[]]"), "is a list", 2, "mapping"),
    "configuration as text": Bad(
        component("{name: o, flavor: x, configuration: y}"), "is text", 2, "key: value"
    ),
    "another type": Bad(component("{name: o, flavor: x, type: y}"), "another type", 2, "move"),
    "a type with a dash": Bad(
        "components: {artifact-store: {name: o, flavor: x}}\nstack_name: s\n",
        "component type 'artifact-store'", 1, "artifact_store",
    ),
    "one name twice": Bad(
        component("[{name: o, flavor: x}, {name: o, flavor: y}]"), "two components", 2, "another"
    ),
    "an empty name": Bad("components: {}\nstack_name: ' '\n", "is empty", 2, "name"),
    "a slash in a name": Bad("components: {}\nstack_name: a/b\n", "has a '/'", 2, "instead"),
    "a blank before a name": Bad("components: {}\nstack_name: ' a'\n", "a blank", 2, "remove"),
    "an escape in a name": Bad('components: {}\nstack_name: "a\\eb"\n', "control", 2, "anew"),
    "a line break in a name": Bad('components: {}\nstack_name: "a\\nb"\n', "control", 2, "anew"),
    "a name of 10,000 letters": Bad(
        f"components: {{}}\nstack_name: {'x' * 10_000}\n", "10000 characters", 2, "shorten"
    ),
    "a duplicate key": Bad(GOOD + "stack_name: t\n", "'stack_name' stands here again", 3, "keep"),
    "a duplicate inner key": Bad(
        component("\n    name: o\n    flavor: x\n    name: p"), "after line 3", 5, "keep one"
    ),
    "a number as key": Bad(GOOD + "1: a\n", "a key is not text", 3, "quote"),
    "a list as key": Bad(GOOD + "? [a]\n: b\n", "a key is not text", 3, "quote"),
    "a merge key": Bad(GOOD + "a: &a {}\nb: {<<: *a}\n", "merge keys", 4, "write the merged"),
    "an object": Bad(
        GOOD + "a: !!python/object/apply:os.system [ls]\n", "tag '!!python/object", 3, "remove"
    ),
    "a custom tag": Bad(GOOD + "a: !secret b\n", "tag '!secret'", 3, "remove"),
    "binary": Bad(GOOD + "a: !!binary aGk=\n", "tag '!!binary'", 3, "remove"),
    "a set": Bad(GOOD + "a: !!set {b}\n", "tag '!!set'", 3, "remove"),
    "infinity": Bad(GOOD + "a: -.inf\n", "not finite", 3, "quote"),
    "not a number": Bad(GOOD + "a: .NaN\n", "not finite", 3, "quote"),
    "a number beyond range": Bad(GOOD + f"a: {'9' * 400}.0\n", "not finite", 3, "quote"),
    "an integer of 65 bits": Bad(GOOD + f"a: {2**64}\n", "64 bits", 3, "quote"),
    "an integer of 5,000 digits": Bad(GOOD + f"a: {'9' * 5000}\n", "too large", 3, "quote"),
    "two documents": Bad(GOOD + "---\n" + GOOD, "second document", 3, "one stack"),
    "not UTF-8": Bad(b"components: {}\nstack_name: caf\xe9\n", "not UTF-8", 2, "UTF-8"),
    "UTF-16": Bad(GOOD.encode("utf-16"), "not UTF-8", 1, "UTF-8"),
    "a control character": Bad(GOOD + "a: \x1b[31m\n", "U+001B", 3, "remove"),
    "a null byte": Bad(GOOD.encode() + b"\0", "U+0000", 3, "remove"),
    "a lone surrogate": Bad(GOOD + 'a: "\\ud83d"\n', "surrogate", 3, "whole code point"),
    "an unknown alias": Bad(GOOD + "a: *b\n", "not there", 3, "quote"),
    "a value in itself": Bad(GOOD + "a: &a [*a]\n", "holds itself", 3, "write the value"),
    "an anchor bomb": Bad(bomb(9), "values, aliases written out", 7, "hundred"),
    "a bomb of text": Bad(
        GOOD + f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 200)}]\n", "characters", 4, "alias"
    ),
    "deep nesting": Bad(nested(100_000), "deeper than 32", 3, "inner part"),
    "deep nesting by aliases": Bad(
        GOOD + "a: &a " + "[" * 20 + "]" * 20 + "\nb: " + "[" * 20 + "*a" + "]" * 20 + "\n",
        "deeper than 32", 4, "inner part",
    ),
    "a large file": Bad(
        "#" * (limits.DOCUMENT_BYTES + 1), "more than 1048576 bytes", None, "right file"
    ),
    "many values": Bad("- x\n" * 60_000, "more than 50000 values", 50_000, "right file"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused_with_its_place(name: str) -> None:
    bad = TABLE[name]
    with pytest.raises(StackFileError) as caught:
        parse_stack(bad.text, source="x.yaml")
    error = caught.value
    assert bad.what in error.what
    assert error.line == bad.line
    assert bad.hint in error.hint
    assert error.source == "x.yaml"
    assert str(error).startswith("x.yaml:")
    assert "\n" not in str(error) + error.hint


def test_the_sentence_is_built_from_the_fields() -> None:
    with pytest.raises(StackFileError) as caught:
        parse_stack("components: {}\nstack_name: 7\n", source="team.yaml")
    assert str(caught.value) == "team.yaml:2:13: the stack_name is a number, not text"
    assert (caught.value.line, caught.value.column) == (2, 13)


def test_values_are_not_quoted_in_errors() -> None:
    text = component("{name: o, flavor: x, configuration: hunter2, type: hunter2}")
    with pytest.raises(StackFileError) as caught:
        parse_stack(text)
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_as_deep_and_as_many_as_allowed_is_read() -> None:
    assert parse_stack(nested(limits.DEPTH - 1)).extra["deep"]
    stack = parse_stack(GOOD + "many:\n" + "- x\n" * (limits.NODES - 20))
    assert stack.extra["many"] == ["x"] * (limits.NODES - 20)


def test_an_alias_within_bounds_is_a_copy() -> None:
    extra = parse_stack(GOOD + "a: &a {k: [1]}\nb: *a\n").extra
    assert extra["a"] == extra["b"] == {"k": [1]}
    assert extra["a"] is not extra["b"]


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    text = GOOD.replace("\n", "\r\n")
    assert parse_stack(b"\xef\xbb\xbf" + text.encode()) == parse_stack(GOOD)


@given(st.text(st.sampled_from("ab: -?[]{},#&*!|>'\"%@`~<=\n\t\\0."), max_size=60))
def test_any_text_is_a_stack_or_an_error(text: str) -> None:
    for candidate in (text, GOOD + "x:\n" + text, component(text)):
        with suppress(StackFileError):
            parse_stack(candidate)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_stack_or_an_error(data: bytes) -> None:
    with suppress(StackFileError):
        parse_stack(data)
