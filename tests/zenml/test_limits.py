"""What a stack file may say, the event model keeps: the two rooms' limits agree."""

from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.zenml import StackFileError, dump, limits, parse_stack
from stackroom.events import limits as model
from stackroom.events.deciding.rules import refuse_name, refuse_type
from stackroom.events.values import fault
from tests.zenml.stacks import names, texts, values


def test_limits_are_no_wider_than_the_models() -> None:
    assert limits.NAME_LENGTH == model.NAME_LENGTH
    assert (limits.INTEGER_MIN, limits.INTEGER_MAX) == (model.INTEGER_MIN, model.INTEGER_MAX)
    assert limits.DEPTH <= model.PATH_DEPTH


def reads(stack_name: str, component_type: str = "orchestrator") -> bool:
    component = {"name": "o", "flavor": "local"}
    try:
        parse_stack(dump({"components": {component_type: component}, "stack_name": stack_name}))
    except StackFileError:
        return False
    return True


@given(st.one_of(names, texts))
def test_a_name_is_read_exactly_if_the_model_takes_it(name: str) -> None:
    assert reads(name) == (refuse_name(name) is None)


@given(st.one_of(texts, st.text("ab_-0A", max_size=70)))
def test_a_type_is_read_exactly_if_the_model_takes_it(component_type: str) -> None:
    assert reads("s", component_type) == (refuse_type(component_type) is None)


@given(st.dictionaries(texts, values))
def test_values_that_are_read_are_values_of_the_model(value: dict[str, object]) -> None:
    text = dump({"components": {}, "stack_name": "s", "x": value})
    assert fault(parse_stack(text).extra) is None
