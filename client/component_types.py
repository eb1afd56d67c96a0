"""The component types that ZenML knows: the one table that the stack commands' options come from.

The model takes any type of the right shape (`events.deciding.rules.refuse_type`); this table only says what
the known ones are called. Source: the command lines of ZenML 0.10.0, 0.12.0, 0.13.2 and 0.98.0.
"""

from collections.abc import Collection
from typing import Final

from msgspec import Struct

OLD: Final = "0.10 to 0.13"
NEW: Final = "0.98"
BOTH: Final = "0.10 to 0.98"


class ComponentType(Struct, frozen=True):
    """One type: its name in events and YAML, its plural, ZenML's short option and versions.

    `short` is None where ZenML has no short option, or where it would hide another one.
    """

    type: str
    plural: str
    short: str | None
    versions: str

    @property
    def dashed(self) -> str:
        """The type as an option or a command has it: `artifact-store`."""
        return self.type.replace("_", "-")

    @property
    def words(self) -> str:
        """The type as a sentence has it: `artifact store`."""
        return self.type.replace("_", " ")


TYPES: Final = (
    ComponentType("orchestrator", "orchestrators", "-o", BOTH),
    ComponentType("artifact_store", "artifact_stores", "-a", BOTH),
    ComponentType("container_registry", "container_registries", "-c", BOTH),
    ComponentType("step_operator", "step_operators", "-s", BOTH),
    ComponentType("model_deployer", "model_deployers", "-d", BOTH),
    ComponentType("experiment_tracker", "experiment_trackers", "-e", BOTH),
    ComponentType("feature_store", "feature_stores", "-f", BOTH),
    ComponentType("alerter", "alerters", "-al", BOTH),
    ComponentType("annotator", "annotators", "-an", "0.12 to 0.98"),
    ComponentType("data_validator", "data_validators", "-dv", BOTH),
    # ZenML's `-m` for it means the message here, as in git.
    ComponentType("metadata_store", "metadata_stores", None, OLD),
    ComponentType("secrets_manager", "secrets_managers", "-x", OLD),
    ComponentType("image_builder", "image_builders", "-i", NEW),
    ComponentType("model_registry", "model_registries", "-r", NEW),
    ComponentType("deployer", "deployers", "-D", NEW),
    ComponentType("log_store", "log_stores", "-l", NEW),
    ComponentType("sandbox", "sandboxes", "-sb", NEW),
)

_SPELLINGS: Final = {
    spelling: known.type for known in TYPES for spelling in (known.type, known.plural)
}


def type_named(text: str) -> str:
    """The component type that `text` spells: dashes, capitals and the plural are all right.

    A type that is not in the table comes back as written, with `_` for `-`.
    """
    underscored = text.strip().lower().replace("-", "_").replace(" ", "_")
    return _SPELLINGS.get(underscored, underscored)


def is_known(text: str) -> bool:
    """Whether `text` spells a component type that is in the table."""
    return text.strip().lower().replace("-", "_").replace(" ", "_") in _SPELLINGS


def misspelt(type: str, those: Collection[object]) -> str:
    """`did you mean 'orchestrator'?` for a type that is not in the table, if there are none of `those`."""
    from stackroom.client.errors import nearest

    if those or is_known(type):
        return ""
    return nearest(type.replace("_", "-"), [known.dashed for known in TYPES])
