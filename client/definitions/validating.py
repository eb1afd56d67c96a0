"""Whether a stack can work: what every stack needs, and what flavors need of one another.

Source: ZenML's own validators (0.12 to 0.98): every stack has an orchestrator and an artifact store; what
runs on other machines reaches neither a local artifact store nor an image that is in no registry.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from stackroom.events.state import Component, Stack, State

Severity: TypeAlias = Literal["error", "warning"]

NEEDED: Final = ("orchestrator", "artifact_store")
"""The types of which every stack has one."""

REMOTE: Final = {
    "orchestrator": {
        "airflow", "azureml", "databricks", "github", "hyperai", "kubeflow", "kubernetes",
        "lightning", "modal", "sagemaker", "ssh", "tekton", "vertex", "vm_aws", "vm_azure",
        "vm_gcp", "vm_kubernetes", "vm_lambda",
    },
    "step_operator": {
        "azureml", "baseten", "databricks", "kubernetes", "modal", "runai", "sagemaker",
        "spark-kubernetes", "ssh", "vertex",
    },
}  # fmt: skip
"""Flavors that run steps on other machines, unless their configuration says `local: true`."""

LOCAL_STORES: Final = {"local"}
"""Artifact stores that only one machine reaches."""

LOCAL_REGISTRIES: Final = ("localhost", "127.0.0.1")


class Finding(Struct, frozen=True):
    """Something about a stack: an `error` keeps it from working, a `warning` may."""

    severity: Severity
    stack: str
    sentence: str


def validate(state: State, stack: Stack) -> list[Finding]:
    """What is wrong with the stack, errors first."""
    errors = [Finding("error", stack.name, sentence) for sentence in _errors(stack)]
    warnings = [Finding("warning", stack.name, sentence) for sentence in _warnings(state, stack)]
    return errors + warnings


def _errors(stack: Stack) -> Iterator[str]:
    for type in NEEDED:
        if not stack.components.get(type):
            yield f"it has no {type.replace('_', ' ')}, which every stack needs"


def _warnings(state: State, stack: Stack) -> Iterator[str]:
    remote = [
        component
        for type, flavors in REMOTE.items()
        for component in _members(state, stack, type)
        if component.flavor in flavors and component.config.get("local") is not True
    ]
    for component in remote:
        what = (
            f"{component.component_type.replace('_', ' ')} {component.name!r} ({component.flavor})"
        )
        for store in _members(state, stack, "artifact_store"):
            if store.flavor in LOCAL_STORES:
                yield f"{what} runs elsewhere, and does not reach the local artifact store {store.name!r}"
        registries = _members(state, stack, "container_registry")
        if not registries:
            yield f"{what} runs containers, and the stack has no container registry"
        for registry in registries:
            if str(registry.config.get("uri", "")).startswith(LOCAL_REGISTRIES):
                yield f"{what} runs elsewhere, and does not reach the local registry {registry.name!r}"


def _members(state: State, stack: Stack, type: str) -> list[Component]:
    found = (state.get(id) for id in stack.components.get(type, ()))
    return [component for component in found if isinstance(component, Component)]
