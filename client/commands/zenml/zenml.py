"""`stackroom zenml`: what ZenML itself keeps, in its stores on disk and on its servers."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "zenml",
    lazy={
        "import-store": f"{_AT}.zenml.zenml_store:import_store",
        "pull": f"{_AT}.zenml.zenml_server:pull",
        "push": f"{_AT}.zenml.zenml_server:push",
    },
    example="""
    stackroom zenml import-store ~/.config/zenml --dry-run
    stackroom zenml pull http://localhost:8237
    stackroom zenml push https://zenml.example --stack prod
    """,
)
def zenml() -> None:
    """What ZenML itself keeps: read from its stores, compared and exchanged with its servers."""
