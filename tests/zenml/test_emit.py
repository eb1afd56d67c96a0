"""What is written is what PyYAML, and so ZenML, would write; and what it reads."""

import pytest
import yaml
from hypothesis import given

from stackroom.client.zenml import Value, dump
from tests.zenml.stacks import AWKWARD, texts, values


class NoAliases(yaml.SafeDumper):
    """PyYAML's writer, for values that hold one object twice."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def by_pyyaml(value: object) -> str:
    return str(yaml.dump(value, Dumper=NoAliases, default_flow_style=False))


@given(values)
def test_any_value_is_written_as_pyyaml_writes_it(value: Value) -> None:
    assert dump(value) == by_pyyaml(value)


@given(texts, texts)
def test_keys_and_text_are_written_as_pyyaml_writes_them(key: str, text: str) -> None:
    value: Value = {key: text, "list": [text, [text], {key: text}]}
    assert dump(value) == by_pyyaml(value)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_is_written_as_pyyaml_writes_it(text: str) -> None:
    for value in (text, {text: text}, {"a": [text]}, [{"a": {"b": text}}]):
        assert dump(value) == by_pyyaml(value)
        assert yaml.safe_load(dump(value)) == value
