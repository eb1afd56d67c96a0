"""Two people at their command lines who change the same, one of them offline meanwhile."""

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person

UPDATE = ("component", "update", "orchestrator", "k8s", "--no-validate")


def people(hub: Hub, *names: str, role: str = "maintainer") -> list[Person]:
    """So many who have joined, each with a home of their own, and the profile in it."""
    found = []
    for name in names:
        person = hub.join(Person(hub.folder / name, name), "--role", role)
        person.stackroom("profile", "set", "team").ok()
        person.stackroom("sync").ok()
        found.append(person)
    return found


def begin(ada: Person) -> None:
    """The orchestrator that they quarrel about, and a stack of it."""
    register = ("component", "register", "orchestrator", "k8s", "--flavor", "cluster")
    ada.stackroom(*register, "--ns=ml", "--gpu=1", "-m", "where it runs").ok()
    ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()


def torn(ada: Person, ben: Person) -> int:
    """Ada's `ns` and `gpu` stand, Ben's lost, and his `zone` with them; the number of the conflict."""
    hers = (*UPDATE, "--ns=ada", "--gpu=4", "-m", "hers")
    return clash(ada, hers, ben, (*UPDATE, "--ns=ben", "--gpu=8", "--zone=b", "-m", "mine"))


def clash(ada: Person, hers: tuple[str, ...], ben: Person, *his: tuple[str, ...]) -> int:
    """What she does stands, what he did offline meanwhile is in conflict; its number."""
    ben.stackroom("sync")
    for line in his:
        ben.stackroom("--offline", *line).ok()
    ada.stackroom("sync")
    ada.stackroom(*hers).ok()
    ben.stackroom("sync").failed(Exit.CONFLICTS)
    return max(conflicts(ben))


def conflicts(person: Person) -> list[int]:
    """The numbers of the open conflicts, as the command line tells them."""
    person.stackroom("sync")
    return [int(conflict["seq"]) for conflict in person.data("conflicts", "list")]
