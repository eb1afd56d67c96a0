"""Unquoted scalars: a value where YAML 1.1 and 1.2 agree, else text, and said so."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.zenml import Value, parse_stack, warnings_for
from stackroom.client.zenml.scalars import agreed, meaning_to_zenml


def config_value(written: str) -> Value:
    stack = parse_stack(f"components: {{}}\nstack_name: s\nvalue: {written}\n")
    return stack.extra["value"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None),
        ("true", True), ("True", True), ("FALSE", False),
        ("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1.0e-05", 1e-5), ("08.5", 8.5),
    ],
)  # fmt: skip
def test_values_that_both_versions_agree_on(written: str, value: Value) -> None:
    read = config_value(written)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", ["1e3", "0o17", "08", "012345678901", "1e-5", "nul", "yess"])
def test_what_is_text_to_zenml_is_text_without_a_word(written: str) -> None:
    assert config_value(written) == written
    assert meaning_to_zenml(written) is None


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("no", "a boolean"), ("Yes", "a boolean"), ("OFF", "a boolean"),
        ("0777", "an integer"), ("1_000", "an integer"), ("0b11", "an integer"),
        ("12:30:45", "an integer"), ("-0x10", "an integer"), ("1_0.5", "a number"),
        ("2020-01-01", "a date"), ("2020-1-1 10:00:00 +1", "a date"), ("=", "a default"),
    ],
)  # fmt: skip
def test_what_is_no_text_to_zenml_is_text_with_a_warning(written: str, meaning: str) -> None:
    stack = parse_stack(f"components: {{}}\nstack_name: s\nvalue: {written}\n")
    assert stack.extra["value"] == written
    (warning,) = warnings_for(stack)
    assert (warning.kind, warning.where) == ("ambiguous", "line 3")
    assert meaning in warning.sentence
    assert written not in warning.sentence.split()


@pytest.mark.parametrize("written", ["'no'", '"1"', "!!str 1", "! 1", "|\n  true", ">-\n  true"])
def test_quoted_and_block_text_is_text(written: str) -> None:
    assert isinstance(config_value(written), str)


def tag_by_pyyaml(text: str) -> str:
    loader = yaml.SafeLoader("")
    return str(loader.resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]


@given(st.text("0123456789+-._:eExXobTtZinfaIN yYoOfF~", max_size=14))
def test_the_rules_of_yaml_1_1_are_those_of_pyyaml(text: str) -> None:
    assert (meaning_to_zenml(text) is None) == (tag_by_pyyaml(text) == "tag:yaml.org,2002:str")


@given(st.text("0123456789+-.eExXabcdefinfNUltrueTRUEFalse~", max_size=14))
def test_a_value_is_what_pyyaml_reads(text: str) -> None:
    value = agreed(text)
    if isinstance(value, str):
        assert value == text
        return
    read = yaml.SafeLoader("").construct_object(yaml.ScalarNode(tag_by_pyyaml(text), text))
    assert type(read) is type(value)
    assert read == value or (isinstance(value, float) and math.isnan(value))
