"""`stackroom stack`: the group; its commands are loaded as they are asked for."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "stack",
    lazy={
        "register": f"{_AT}.stacks.stack_edit:register",
        "list": f"{_AT}.stacks.stack_read:list_",
        "describe": f"{_AT}.stacks.stack_read:describe",
        "update": f"{_AT}.stacks.stack_edit:update",
        "remove-component": f"{_AT}.stacks.stack_edit:remove_component",
        "set-default": f"{_AT}.stacks.stack_edit:set_default",
        "rename": f"{_AT}.stacks.stack_edit:rename",
        "copy": f"{_AT}.stacks.stack_edit:copy",
        "delete": f"{_AT}.stacks.stack_edit:delete",
        "protect": f"{_AT}.stacks.protecting:protect_stack",
        "unprotect": f"{_AT}.stacks.protecting:unprotect_stack",
        "validate": f"{_AT}.stacks.stack_validate:validate",
        "set": f"{_AT}.stacks.stack_active:set_",
        "get": f"{_AT}.stacks.stack_active:get",
        "export": f"{_AT}.stacks.stack_export:export",
        "import": f"{_AT}.stacks.stack_import:import_",
    },
    example="""
    stackroom stack register prod -o k8s -a s3 --set
    stackroom stack describe prod --at yesterday
    stackroom stack export prod prod.yaml
    """,
)
def stack() -> None:
    """Named sets of components: what pipelines run on."""
