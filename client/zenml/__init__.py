"""ZenML's stack YAML: text to a `StackFile`, and back, in every form that ZenML has written.

Pure functions: no files, no network, no clock. Nothing in this room imports the rest of Stackroom.

    parse_stack(text)             text or bytes -> StackFile, or StackFileError
    render_stack(stack, form=…)   StackFile -> text, laid out as ZenML lays it out
    losses(stack, form)           what that form cannot carry, one sentence each
    warnings_for(stack)           what will not work elsewhere: local paths, plain secrets …
    dump(value)                   any JSON-like value -> YAML in the same layout
"""

from stackroom.client.zenml.emit import dump
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.forms import losses, render_stack
from stackroom.client.zenml.model import ComponentSpec, Form, StackFile, StackWarning, Value
from stackroom.client.zenml.read import parse_stack
from stackroom.client.zenml.travel import warnings_for

__all__ = [
    "ComponentSpec",
    "Form",
    "StackFile",
    "StackFileError",
    "StackWarning",
    "Value",
    "dump",
    "losses",
    "parse_stack",
    "render_stack",
    "warnings_for",
]
