"""`stackroom component`: the configured pieces of infrastructure that stacks are made of."""

from stackroom.client.commands.stacks.component_configure import register, remove_attribute, update
from stackroom.client.commands.stacks.component_edit import (
    connect,
    copy_,
    delete,
    disconnect,
    rename,
)
from stackroom.client.commands.stacks.component_read import describe, get, list_
from stackroom.client.commands.stacks.protecting import protect_component, unprotect_component
from stackroom.client.commands.tree import group


@group(
    "component",
    example="""
    stackroom component register orchestrator k8s --flavor kubernetes --kubernetes_context=prod
    stackroom component update orchestrator k8s --kubernetes_namespace=ml -m "move to ml"
    stackroom component list artifact-store
    """,
)
def component() -> None:
    """Configured pieces of infrastructure: orchestrators, artifact stores …"""


for _command in (
    register,
    list_,
    describe,
    update,
    get,
    copy_,
    remove_attribute,
    connect,
    disconnect,
    rename,
    protect_component,
    unprotect_component,
    delete,
):
    component.add_command(_command)
