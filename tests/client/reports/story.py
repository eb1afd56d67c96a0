"""A story to report on: two profiles and the people of a hub, out of the rules themselves.

`python -m tests.client.reports.story` writes the reports on it into `golden/`, to be looked at and committed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from stackroom.client.reports import markdown, page, rows
from stackroom.client.reports.activity import Stream, activity
from stackroom.client.reports.document import Document, document
from stackroom.client.reports.findings import Activity
from stackroom.events.codec import seal
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Rejected,
    Requested,
    check_changes,
)
from stackroom.events.fold import apply
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ConflictResolved,
    DefaultStackSet,
    Held,
    ProfileCreated,
    Proposal,
    Redacted,
    RequestApproved,
    Rewritten,
    RunRecorded,
    RunUpdated,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
)
from stackroom.events.outcomes import holding
from stackroom.events.people.model import (
    HubFounded,
    RoleAssigned,
    TeamCreated,
    TokenCreated,
    TokenRevoked,
    UserCreated,
    UserDeleted,
)
from stackroom.events.people.people import BUILT_IN
from stackroom.events.people.permissions import Who
from stackroom.events.state import Conflict, Request, State
from tests.events.world import K8S, LOCAL, PROD, PROFILE, S3, SALT, uid

GOLDEN = Path(__file__).with_name("golden")
DAY = 86_400_000
START = int(datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp() * 1_000)
XSS = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
TEAM, VISION, HUB = PROFILE, uid(2), uid(3)
DEV, GPU, EU = uid(41), uid(42), uid(43)
ANN, BEN, ML = uid(51), uid(52), uid(53)


class Story:
    """One stream, told commit by commit; who tells may do all but approve what is their own."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.state = State()
        self.commits: list[Commit] = []

    def do(
        self,
        author: str,
        day: float,
        message: str,
        *changes: tuple[str, Change],
        base: int | None = None,
        by_hub: bool = False,
    ) -> int:
        """Proposes changes on that day of the story; the seq of their commit."""
        seq = len(self.commits) + 1
        base = seq - 1 if base is None else base
        who = Who(author, author, BUILT_IN["admin"], by_hub)
        outcome = check_changes(self.state, base, changes, who)
        sealed = tuple(seal(id, change, SALT) for id, change in changes)
        time = START + round(day * DAY)
        proposal = Proposal(uid(10_000 + seq), seq, base, message, time, sealed)
        match outcome:
            case Accepted() | Converged():
                taken = list(changes)
            case Conflicted() | Requested():
                if isinstance(outcome, Conflicted):
                    told = (
                        structs.replace(o, author=self.commits[o.seq - 1].author)
                        for o in outcome.overlaps
                    )
                    outcome = structs.replace(outcome, overlaps=tuple(told))
                taken = [holding(outcome, Held(author, author, proposal))]
            case Rejected(refusal):
                raise AssertionError(refusal.sentence)
        apply(self.state, seq, author, taken)
        events = tuple(seal(id, change, SALT) for id, change in taken)
        fields = (proposal.id, author, seq, base, author, message, time, time + 250, events, b"")
        self.commits.append(Commit(seq, *fields))
        return seq


def team() -> Story:
    """A conflict that is decided and one that is not, an approval, a redaction, runs, and odd texts."""
    story = Story(TEAM)
    components: list[tuple[str, Change]] = [
        (
            K8S,
            ComponentRegistered("k8s", "orchestrator", "kubernetes", {"namespace": "ml", "gpu": 1}),
        ),
        (LOCAL, ComponentRegistered("local", "orchestrator", "local")),
        (S3, ComponentRegistered("s3", "artifact_store", "s3", {"path": "s3://acme"})),
    ]
    story.do("ann", 0, "our stacks", (TEAM, ProfileCreated("team")), *components)
    prod = StackRegistered("prod", {"orchestrator": [K8S], "artifact_store": [S3]})
    story.do("ann", 0.1, "what we run", (PROD, prod))
    story.do(
        "ben", 1, "=cmd|' /C calc'!A0", (DEV, StackRegistered("dev", {"orchestrator": [LOCAL]}))
    )
    for n in range(6):
        run = uid(900 + n)
        story.do(
            "ci",
            1 + n / 4,
            "",
            (run, RunRecorded("training", PROD, status="running", name=f"n-{n}")),
        )
        story.do("ci", 1.1 + n / 4, "", (run, RunUpdated("failed" if n == 2 else "completed")))
    base = story.do("ci", 3, "", (uid(950), RunRecorded("scoring", DEV, status="running")))
    story.do("ann", 4, "one namespace for all", (K8S, up(namespace="ml-prod")))
    conflict = story.do("ben", 4.2, "my namespace", (K8S, up(namespace="ben")), base=base)
    (held,) = (id for id, _ in story.state.all(Conflict))
    story.do("ann", 5, "ben uses dev for that", (held, ConflictResolved("theirs")))
    story.do(
        "cleo", 6, XSS, (GPU, ComponentRegistered(IMAGE, "step_operator", "gpu | <b>", {"a": XSS}))
    )
    story.do(
        "cleo",
        6.1,
        "line one\nline two",
        (DEV, StackUpdated({f"/components/step_operator/{GPU}": True})),
    )
    story.do("ann", 7, "the shop runs on it", (PROD, StackUpdated({"/protected": True})))
    story.do("ben", 8, "more memory", (K8S, up(memory="64Gi", node_pool="large")))
    story.do("cleo", 8.4, "looked at it with the platform team", *approval(story))
    story.do("ben", 9, "less memory", (K8S, up(memory="8Gi")))
    seen = story.do("cleo", 10, "by hand", (LOCAL, up(api_password="hunter2", synchronous=True)))
    rewritten = (Rewritten(seen, 0, ("/set/~1config~1api_password",), "00"),)
    story.do("root", 11, "redact", (TEAM, Redacted("a password was typed", rewritten)), by_hub=True)
    story.do("ann", 12, "", (DEV, StackRenamed("development")), (TEAM, DefaultStackSet(PROD)))
    story.do("ben", 13, "", (LOCAL, up(synchronous=False)))
    story.do("dora", 13.5, "I need it on", (LOCAL, up(synchronous="maybe")), base=conflict)
    return story


def vision() -> Story:
    """Another profile, with a stack that comes and goes."""
    story = Story(VISION)
    story.do("cleo", 2, "for the cameras", (VISION, ProfileCreated("vision")))
    story.do("cleo", 2.5, "", (EU, StackRegistered("eu")))
    story.do("cleo", 12, "not needed", (EU, StackDeleted()))
    return story


def people() -> Story:
    """Who came, what they were given, and who left."""
    story = Story(HUB)
    story.do("", 0, "the hub is founded", (HUB, HubFounded("hub")), by_hub=True)
    made = [(ANN, UserCreated("ann")), (uid(54), RoleAssigned("", ANN, "admin"))]
    story.do("ann", 0, "", *made)
    story.do("ann", 1, "", (BEN, UserCreated("ben")), (uid(55), RoleAssigned("", BEN, "editor")))
    story.do("ann", 1.2, "they own it", (ML, TeamCreated("ml", members={BEN: True})))
    token = TokenCreated("laptop", BEN, "srm_12345678")
    story.do("ben", 2, "", (uid(56), token), by_hub=True)
    story.do("ann", 9, "lost on a train", (uid(56), TokenRevoked()))
    story.do("ann", 14, "left the company", (BEN, UserDeleted()))
    return story


def up(**config: object) -> ComponentUpdated:
    """An update of a component's configuration."""
    return ComponentUpdated({f"/config/{key}": value for key, value in config.items()})


def approval(story: Story) -> Iterator[tuple[str, Change]]:
    """The changes that approve the request that waits."""
    ((id, request),) = story.state.all(Request)
    return iter([(id, RequestApproved()), *held_changes(request.held)])


def found() -> Activity:
    """What a report on all of the story finds."""
    streams = [
        Stream(name, State(), s.commits) for name, s in (("team", team()), ("vision", vision()))
    ]
    return activity(
        streams, [Stream("people", State(), people().commits)], UTC, (START, START + 21 * DAY)
    )


def told(activity: Activity | None = None) -> Document:
    """The report in words."""
    facts = [("profiles", "team, vision"), ("period", "2026-11-02 09:00 to 2026-11-23 09:00")]
    return document(activity or found(), facts, UTC, several=True)


def reports() -> dict[str, str]:
    """Every form of the report, by the name of its file."""
    activity = found()
    acts = [*activity.acts, *(activity.access or ())]
    return {
        "report.md": markdown.markdown(told(activity)),
        "report.html": page.page(told(activity)),
        "report.csv": "".join(rows.csv_lines(acts)),
        "report.jsonl": "".join(rows.json_lines(acts)),
    }


if __name__ == "__main__":
    for name, text in reports().items():
        (GOLDEN / name).write_bytes(text.encode())
