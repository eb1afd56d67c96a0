"""A person with a local profile, and what they have in it."""

from pathlib import Path

from tests.commands.runner import Person

SAMPLES = Path(__file__).parents[1] / "zenml" / "samples"


def person(folder: Path, name: str = "ada") -> Person:
    """Someone with an empty local profile `team`."""
    made = Person(folder / name, name)
    made.stackroom("profile", "create", "team", "--local").ok()
    return made


def settled(folder: Path) -> Person:
    """Someone with two orchestrators, an artifact store and the stack `prod`; the head is #5."""
    made = person(folder)
    for line in (
        "component register orchestrator k8s --flavor cluster --ns=ml --gpu=1 -m first",
        "component register orchestrator local --flavor local",
        "component register artifact-store s3 -f s3 --path=s3://acme --label team=ml",
        "stack register prod -o k8s -a s3",
    ):
        made.stackroom(*line.split()).ok()
    return made
