"""Stack files of ZenML and files of ours, as anybody may hand them to an import."""

from stackroom.client.errors import ClientError
from stackroom.client.files.text import parse, render
from stackroom.client.zenml import (
    ComponentSpec,
    Form,
    StackFile,
    StackFileError,
    losses,
    parse_stack,
    render_stack,
    warnings_for,
)

MOST = 4_096


def one(data: bytes) -> None:
    """The text is read, or refused in a sentence; what was read is written and read again."""
    if len(data) > MOST:
        return
    try:
        stack = parse_stack(data)
    except StackFileError as error:
        assert error.what
    else:
        warnings_for(stack)
        stack_survives(stack)
    try:
        file = parse(data, "file")
    except (StackFileError, ClientError):
        return
    assert parse(render(file), "again") == file


def stack_survives(stack: StackFile) -> None:
    """A form that loses nothing says the same again."""
    for form in Form:
        if not losses(stack, form):
            again = parse_stack(render_stack(stack, form=form))
            assert again.name == stack.name
            assert [(s.type, s.name, s.flavor, s.config) for s in sorted_specs(again)] == [
                (s.type, s.name, s.flavor, s.config) for s in sorted_specs(stack)
            ]


def sorted_specs(stack: StackFile) -> list[ComponentSpec]:
    return sorted(stack.components, key=lambda spec: spec.type)
