"""The demo: two people, one hub, an outage, a conflict, and how it all comes together again.

Nothing in it is staged. The hub is a process of its own, each person has a home, and every step runs the
very commands that it shows. What a step claims is checked; the first claim that does not hold ends it.
"""

import io
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from stackroom.events.errors import StackroomError

SAMPLE = Path(__file__).parent / "samples" / "gcp_prod.yaml"
PROFILE = "ml-team"
STACK = "gcp_prod"
IMPORT_MESSAGE = "production, as it runs today"
ORCHESTRATOR = ("orchestrator", "vertex_orc")


class Differs(StackroomError):
    """Something was not as the demo claims."""

    exit_code = 1


class Ran(Struct, frozen=True):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed with `--output json`."""
        return msgspec.json.decode(self.out)


class Person:
    """Someone with a home of their own; so is whoever runs the hub."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home

    def run(self, *args: str) -> Ran:
        """Runs one command line on this person's home, in this process."""
        from stackroom.client.commands.app import root

        out, err = io.StringIO(), io.StringIO()
        with self.at_the_keyboard(), redirect_stdout(out), redirect_stderr(err):
            try:
                root.main(args, "stackroom")
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    @contextmanager
    def at_the_keyboard(self) -> Iterator[None]:
        """The environment is this person's; whatever else Stackroom is told by it does not apply."""
        before = {k: v for k, v in os.environ.items() if k.startswith("STACKROOM_")}
        mine = {"STACKROOM_HOME": str(self.home), "STACKROOM_USER": self.name}
        _set(mine, instead_of=before)
        try:
            yield
        finally:
            _set(before, instead_of=mine)


class Demo:
    """One run in `folder`; `say` prints a line.

    The hub is started and stopped by the commands that anybody would use; `close` stops it in any case.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.say = say
        self.hub_data = folder / "hub"
        self.host = Person("hub", folder / "host")
        self.ada = Person("ada", folder / "ada")
        self.ben = Person("ben", folder / "ben")
        self.url = ""
        self.root = ""
        self.hub_is_up = False
        self.steps = 0

    def run(self) -> None:
        """All of it; raises Differs at the first claim that does not hold."""
        self.start_hub()
        self.join()
        self.import_sample()
        self.arrive()
        self.stop_hub()
        self.edit_apart()
        self.come_back()
        self.reconcile()
        self.decide()
        self.look_back()
        self.verify()

    def close(self) -> None:
        """Stops the hub if it runs, or was about to."""
        if self.hub_is_up:
            self.host.run("hub", "down", "--data", str(self.hub_data))
            self.hub_is_up = False

    # What it is made of

    def tell(self, sentence: str) -> None:
        """Begins a step."""
        self.steps += 1
        self.say(f"\n{self.steps}. {sentence}")

    def do(self, person: Person, *args: str, code: int = 0) -> Ran:
        """Runs a command, shows it and what it said, and expects it to end with `code`."""
        shown = [shlex.quote(re.sub("#sr.*", "#…", arg)) for arg in args]
        self.say(f"   {person.name}$ stackroom {' '.join(shown)}")
        ran = person.run(*args)
        # What stands on stderr beside a result (how fresh it is, what to run next) would be noise here.
        for line in (ran.out if ran.code == code else ran.out + ran.err).splitlines():
            self.say(f"      {line}".rstrip())
        self.expect(ran.code == code, f"it ends with {code} (it ended with {ran.code})")
        return ran

    def ask(self, person: Person, *args: str, code: int = 0) -> Any:
        """What a command says with `--output json`; not shown."""
        ran = person.run(*args, "--output", "json")
        self.expect(ran.code == code, f"{' '.join(args)} ends with {code}: {ran.err}")
        return ran.data

    def expect(self, holds: bool, claim: str) -> None:
        """Ends the demo if a claim does not hold."""
        if not holds:
            raise Differs(f"the demo claims that {claim}, and that is not so")

    # The steps

    def start_hub(self) -> None:
        self.tell("A hub starts: a process of its own, with SQLite in a folder.")
        self.hub_is_up = True
        up = self.ask(self.host, "hub", "up", "--data", str(self.hub_data), "--port", "0")
        self.url, link = up["url"], up["join"]
        self.say(f"   It listens at {self.url}. A one-time code makes Ada its administrator.")
        self.do(self.ada, "join", link)

    def join(self) -> None:
        self.tell("Ada invites Ben, who joins with a replica in a home of his own.")
        invited = self.ask(self.ada, "invite", self.ben.name, "--role", "editor")
        self.say(f"   {self.ada.name}$ stackroom invite {self.ben.name} --role editor")
        self.do(self.ben, "join", invited["join"])

    def import_sample(self) -> None:
        self.tell("Ada makes a profile and imports a stack that ZenML 0.98 exported.")
        self.do(self.ada, "profile", "create", PROFILE, "-m", "for the whole team")
        self.do(self.ada, "stack", "import", str(SAMPLE), "-m", IMPORT_MESSAGE)

    def arrive(self) -> None:
        self.tell("Ben syncs: the stack is there, component by component.")
        self.do(self.ben, "sync")
        self.do(self.ben, "stack", "list")
        theirs, mine = (self.ask(p, "stack", "describe", STACK) for p in (self.ada, self.ben))
        self.expect(theirs == mine, "both see the same stack")

    def stop_hub(self) -> None:
        self.tell("The hub goes down. Nobody has to stop working.")
        self.do(self.host, "hub", "down", "--data", str(self.hub_data))
        self.hub_is_up = False

    def edit_apart(self) -> None:
        self.tell("Both go on. Ada moves training to another region; it is saved on her machine.")
        update = ("component", "update", *ORCHESTRATOR)
        self.do(self.ada, *update, "--location=europe-west1", "-m", "closer to our data")
        self.tell(
            "Ben changes a bucket, another key of the same orchestrator, and the region as well."
        )
        bucket = ("component", "update", "artifact_store", "gcs_store")
        self.do(self.ben, *bucket, "--path=gs://acme-ml/zenml-v2", "-m", "the new bucket")
        self.do(self.ben, *update, "--synchronous=true", "-m", "wait for the run")
        self.do(self.ben, *update, "--location=us-central1", "-m", "GPUs are cheaper there")
        for person, waiting in ((self.ada, 1), (self.ben, 3)):
            pending = len(self.ask(person, "pending", "list"))
            self.expect(pending == waiting, f"{waiting} of {person.name}'s changes wait")

    def come_back(self) -> None:
        self.tell("The hub is back, and Ada syncs first: her change is committed.")
        port = self.url.rpartition(":")[2]
        self.hub_is_up = True
        up = self.ask(self.host, "hub", "up", "--data", str(self.hub_data), "--port", port)
        self.expect(up["url"] == self.url, "the hub is back where it was")
        self.do(self.ada, "sync")

    def reconcile(self) -> None:
        self.tell("Ben looks what a sync would do, by the hub's own rules, then does it.")
        self.do(self.ben, "sync", "--plan")
        (planned,) = self.ask(self.ben, "sync", "--plan")
        foreseen = [p["outcome"] for p in planned["proposals"]]
        self.expect(
            foreseen == ["commit", "merge", "conflict"],
            "one commits, one merges, one is in conflict",
        )
        self.do(self.ben, "sync", code=5)
        self.say("   Nothing was overwritten: Ada's region stands, Ben's is kept in the conflict.")

    def decide(self) -> None:
        self.tell("The conflict is in the log, so Ada sees it too. She decides for Ben's region.")
        self.ask(self.ada, "sync", code=5)
        (conflict,) = self.ask(self.ada, "conflicts", "list")
        number = str(conflict["seq"])
        self.do(self.ada, "conflicts", "show", number)
        self.do(self.ada, "conflicts", "resolve", number, "--ours", "-m", "Ben is right")
        self.do(self.ben, "sync")
        seen = self.ask(self.ben, "component", "describe", *ORCHESTRATOR)
        config = seen["config"]
        self.expect(config["location"] == "us-central1", "Ben's region stands")
        self.expect(config["synchronous"] is True, "Ben's other change merged")

    def look_back(self) -> None:
        self.tell("Who changed what, when and why: the history has it.")
        self.do(self.ben, "log")
        self.do(self.ben, "blame", "/".join(ORCHESTRATOR))
        imported = self.ask(self.ben, "log")[-2]
        self.expect(imported["message"] == IMPORT_MESSAGE, "the import is the second commit")
        self.do(self.ben, "diff", str(imported["seq"]))

    def verify(self) -> None:
        self.tell("Three copies of the history, each hashed anew from its first commit on.")
        (profile,) = self.ask(self.ada, "profile", "list")
        copies = {
            "the hub": self.hub_data / "hub.db",
            "ada": self.ada.home / "replica.db",
            "ben": self.ben.home / "replica.db",
        }
        proofs = {who: proof(path, profile["id"]) for who, path in copies.items()}
        for who, found in proofs.items():
            self.say(f"   {who:8} #{found.seq}  root {found.root}")
        self.expect(len(set(proofs.values())) == 1, "all three have the same root and state")
        self.root = proofs["the hub"].root
        self.do(self.host, "hub", "down", "--data", str(self.hub_data))
        self.hub_is_up = False


class Proof(Struct, frozen=True):
    """Where a copy of a profile stands: the root over its commits, and a digest of its state."""

    seq: int
    root: str
    state: str


def proof(path: Path, profile: str) -> Proof:
    """Verifies the log at `path` from its first commit on; IntegrityError if it does not add up."""
    from stackroom.events.audit.verify import verify
    from stackroom.events.history.history import state_at
    from stackroom.events.sqlite.log import open_reader
    from stackroom.events.state import encode

    with open_reader(path) as log:
        head = verify(log, profile)
        digest = sha256(encode(state_at(log, profile))).hexdigest()
    return Proof(head.seq, head.root.hex(), digest)


def _set(values: Mapping[str, str], *, instead_of: Mapping[str, str]) -> None:
    for name in instead_of:
        os.environ.pop(name, None)
    os.environ.update(values)
