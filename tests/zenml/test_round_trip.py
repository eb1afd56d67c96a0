"""Generated stacks survive being written and read, by us and by PyYAML."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.zenml import Form, StackFile, Value, losses, parse_stack, render_stack
from tests.zenml.stacks import AWKWARD, stacks

CARRIED_WHOLE = [Form.FLAT, Form.MAPPING, Form.LIST, Form.RECIPE]


@given(st.sampled_from(CARRIED_WHOLE).flatmap(stacks))
def test_a_stack_survives(stack: StackFile) -> None:
    assert parse_stack(render_stack(stack, form=stack.form)) == stack


@given(st.sampled_from(CARRIED_WHOLE).flatmap(stacks))
def test_pyyaml_reads_what_is_written(stack: StackFile) -> None:
    document = yaml.safe_load(render_stack(stack, form=stack.form))
    assert document["stack_name"] == stack.name
    assert document.get("zenml_version") == stack.zenml_version
    assert {k: document[k] for k in stack.extra} == stack.extra
    for spec in stack.components:
        found = document["components"][spec.type]
        fields = found.pop(0) if stack.form is Form.LIST else found
        assert (fields.pop("name"), fields.pop("flavor")) == (spec.name, spec.flavor)
        assert fields.pop("type", spec.type) == spec.type
        if stack.form is not Form.FLAT:
            assert fields.pop("configuration") == spec.config
        assert fields == (spec.config if stack.form is Form.FLAT else spec.extra)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_survives(text: str) -> None:
    config: dict[str, Value] = {"value": text, "list": [text], "map": {text: text}}
    for form in CARRIED_WHOLE:
        stack = parse_stack(render_stack(with_config(config), form=form))
        assert stack.components[0].config == config
        assert stack.ambiguous == ()


def with_config(config: dict[str, Value]) -> StackFile:
    stack = parse_stack("components: {orchestrator: {name: o, flavor: local}}\nstack_name: s\n")
    (spec,) = stack.components
    spec.config.update(config)
    return stack


@given(stacks(Form.LIST), st.sampled_from(list(Form)))
def test_any_stack_is_readable_in_any_form(stack: StackFile, form: Form) -> None:
    written = parse_stack(render_stack(stack, form=form))
    kept = {(spec.type, spec.name): spec for spec in written.components}
    lost = losses(stack, form)
    for spec in stack.components:
        if (spec.type, spec.name) in kept:
            assert kept[spec.type, spec.name].config == spec.config
        else:
            assert any(line.startswith(f"{spec.type}/{spec.name}: left out") for line in lost)
