"""`stackroom stack`: the group; its commands are loaded as they are asked for."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "stack",
    lazy={
        "register": f"{_AT}.stack_edit:register",
        "list": f"{_AT}.stack_read:list_",
        "describe": f"{_AT}.stack_read:describe",
        "update": f"{_AT}.stack_edit:update",
        "remove-component": f"{_AT}.stack_edit:remove_component",
        "set-default": f"{_AT}.stack_edit:set_default",
        "rename": f"{_AT}.stack_edit:rename",
        "copy": f"{_AT}.stack_edit:copy",
        "delete": f"{_AT}.stack_edit:delete",
        "protect": f"{_AT}.protecting:protect_stack",
        "unprotect": f"{_AT}.protecting:unprotect_stack",
        "validate": f"{_AT}.stack_validate:validate",
        "set": f"{_AT}.stack_active:set_",
        "get": f"{_AT}.stack_active:get",
        "export": f"{_AT}.stack_export:export",
        "import": f"{_AT}.stack_import:import_",
    },
    example="""
    stackroom stack register prod -o k8s -a s3 --set
    stackroom stack describe prod --at yesterday
    stackroom stack export prod prod.yaml
    """,
)
def stack() -> None:
    """Named sets of components: what pipelines run on."""
