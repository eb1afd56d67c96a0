"""The tree of commands: what `stackroom --help` shows, and where each command is found."""

import click

from stackroom.client.commands.tree import Root
from stackroom.client.component_types import TYPES
from stackroom.events.version import VERSION

_AT = "stackroom.client.commands"

SECTIONS = {
    "Start": ("demo", "init", "hub", "join", "connect", "disconnect", "status"),
    "Configure": ("stack", "component", "flavor", "profile"),
    "Keep it in git": ("plan", "apply", "drift"),
    "ZenML": ("zenml",),
    "Work together": ("sync", "conflicts", "request", "pending"),
    "People": (
        "invite",
        "invitation",
        "user",
        "team",
        "project",
        "role",
        "assignment",
        "access",
        "token",
    ),
    "History": (
        "log",
        "show",
        "diff",
        "blame",
        "tag",
        "revert",
        "restore",
        "run",
        "report",
        "audit",
        "secrets",
        "redact",
    ),
    "Comfort": ("ui", "doctor", "explain", "completion"),
}

TYPE_GROUPS = {known.dashed: f"{_AT}.stacks.type_groups:{known.type}" for known in TYPES}
"""A group for each component type, beside the general `component`."""

TYPE_SUMMARIES = {
    known.dashed: f"{known.plural.replace('_', ' ')}: what component does" for known in TYPES
}

SUMMARIES = {
    "demo": "see it work: two people, one hub, an outage, a conflict",
    "init": "give a folder its own profile and stack, as git does",
    "hub": "run the server that a team shares",
    "join": "join a hub by a one-time code",
    "connect": "connect to a hub by a token, and fetch its profiles",
    "disconnect": "leave a hub; everything stays on this machine",
    "status": "where things stand: you, the hub, the profile, what waits",
    "stack": "named sets of components that pipelines run on",
    "component": "orchestrators, artifact stores and the like, configured",
    "flavor": "implementations of component types, your own ones too",
    "profile": "each with its own stacks, components and history",
    "plan": "what files would change in the profile, value by value",
    "apply": "bring the profile to what files say, in one commit",
    "drift": "whether the profile and files differ",
    "zenml": "import what ZenML keeps on disk and on servers; push to them",
    "sync": "receive what others did, push what is pending",
    "conflicts": "what two people changed in two ways: see and decide",
    "request": "changes of what is protected: list, show, approve, reject",
    "pending": "your changes that the hub has not taken, or refused",
    "invite": "a one-time code by which somebody joins the hub",
    "invitation": "invitations that were not used yet",
    "user": "the users of a hub, people and services",
    "team": "users who hold roles together",
    "project": "groups of profiles",
    "role": "named sets of permissions, and who is given which",
    "assignment": "who holds which role where, and who granted it",
    "access": "what somebody may do, and why",
    "token": "what opens a hub",
    "log": "who changed what, when and why",
    "show": "one commit, value by value",
    "diff": "what differs between two points of the history",
    "blame": "who wrote each value of a stack or component last",
    "tag": "names for points of the history",
    "revert": "undo a commit by a new one, or all since a moment",
    "restore": "a stack or component as it was, also a deleted one",
    "run": "which pipeline ran on which stack, as the stack was",
    "report": "what happened in a period, for people and for other tools",
    "audit": "verify a history, prove it to others",
    "secrets": "credentials that got into a history in plain text",
    "redact": "take a value out of a whole history, for everybody",
    "ui": "open the hub's dashboard in the browser",
    "doctor": "what is wrong here, and what mends it",
    "explain": "what an error or exit code means, and what to do",
    "completion": "have your shell complete commands and names",
}
"""A line for each command, so that the help does not have to load them all."""

COMMANDS = {
    "demo": f"{_AT}.demo:demo",
    "init": f"{_AT}.profiles.init:init",
    "hub": f"{_AT}.hubs.hub:hub",
    "join": f"{_AT}.hubs.join:join",
    "connect": f"{_AT}.hubs.connect:connect",
    "disconnect": f"{_AT}.hubs.connect:disconnect",
    "status": f"{_AT}.together.status:status",
    "stack": f"{_AT}.stacks.stack:stack",
    "component": f"{_AT}.stacks.component:component",
    "flavor": f"{_AT}.stacks.flavor:flavor",
    "profile": f"{_AT}.profiles.profile:profile",
    "plan": f"{_AT}.profiles.gitops:plan",
    "apply": f"{_AT}.profiles.gitops:apply",
    "drift": f"{_AT}.profiles.gitops:drift",
    "zenml": f"{_AT}.zenml.zenml:zenml",
    "sync": f"{_AT}.together.sync:sync",
    "conflicts": f"{_AT}.together.conflicts:conflicts",
    "request": f"{_AT}.together.request:request",
    "pending": f"{_AT}.together.pending:pending",
    "invite": f"{_AT}.people.invite:invite",
    "invitation": f"{_AT}.people.invitation:invitation",
    "user": f"{_AT}.people.user:user",
    "team": f"{_AT}.people.team:team",
    "project": f"{_AT}.people.project:project",
    "role": f"{_AT}.people.role:role",
    "assignment": f"{_AT}.people.assignment:assignment",
    "access": f"{_AT}.people.access:access",
    "token": f"{_AT}.people.token:token",
    "log": f"{_AT}.history.log:log",
    "show": f"{_AT}.history.show:show",
    "diff": f"{_AT}.history.diff:diff",
    "blame": f"{_AT}.history.blame:blame",
    "tag": f"{_AT}.history.tag:tag",
    "revert": f"{_AT}.history.revert:revert",
    "restore": f"{_AT}.history.restore:restore",
    "run": f"{_AT}.history.run:run",
    "report": f"{_AT}.history.report:report",
    "audit": f"{_AT}.audit.audit:audit",
    "secrets": f"{_AT}.history.secrets:secrets",
    "redact": f"{_AT}.history.redact:redact",
    "ui": f"{_AT}.hubs.ui:ui",
    "doctor": f"{_AT}.doctor:doctor",
    "explain": f"{_AT}.explain:explain",
    "completion": f"{_AT}.completion:completion",
}

EXAMPLE = """
stackroom demo                                          see it work, in a folder of its own
stackroom hub up                                        start a hub on this machine
stackroom join wss://hub.example:8765#CODE              join a team's hub by an invitation
stackroom stack list                                    what there is
stackroom component update orchestrator k8s --kubernetes_namespace=ml -m "move to ml"
stackroom log                                           who changed what, when and why
"""


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"stackroom {VERSION}")
        context.exit()


@click.group(
    "stackroom",
    cls=Root,
    lazy=COMMANDS | TYPE_GROUPS,
    sections=SECTIONS,
    rest="For each component type, what component does",
    otherwise=f"{_AT}.stacks.type_groups:of_the_team",
    summaries=SUMMARIES | TYPE_SUMMARIES,
    example=EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def root() -> None:
    """Share ML stacks with your team: every change is kept, and nothing needs the network.

    \b
    --profile NAME, --offline and --output table|json|yaml go before or after any command.
    """
