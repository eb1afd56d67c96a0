"""`stackroom hub heal`: a hub that was set back takes again what its clients have of it."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Lines, Table, View
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted, noun

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.protocol import Mended, Offered

HEADINGS = ("profile", "hub at", "offered", "by", "replica", "since", "hub's signature")


class OfferRow(Struct, frozen=True):
    """What one client offers: the commits after `common`, up to `seq`; the hub stands at `head`.

    Up to `proven` the hub's own signature stands for them (0: for none). With `forks`, the hub has
    commits of its own after `common`, and they come back as proposals.
    """

    profile: str
    name: str
    head: int
    common: int
    seq: int
    user: str
    replica: str
    since: int
    proven: int
    forks: bool


class HealedRow(Struct, frozen=True):
    """What came of one profile; see `docs/healing.md`. `code` and `sentence` say why it was not healed."""

    profile: str
    name: str
    kept: int
    brought: int
    known: int
    conflicts: list[int]
    requests: list[int]
    redone: int
    left: list[int]
    given_up: bool
    code: str
    sentence: str


class Healed(Struct, frozen=True):
    """What came of an order: the hub's epoch from then on (null if nothing was healed), and each profile."""

    epoch: int | None
    profiles: list[HealedRow]


@command(
    "heal",
    example="""
    stackroom hub heal                      what could be taken back, from whom
    stackroom hub heal team                 take it back
    stackroom hub heal --all --yes          in every profile, the people of the hub first
    stackroom hub heal team --give-up       go on without it
    """,
)
@click.argument("profiles", metavar="[PROFILE]...", nargs=-1, shell_complete=completing.profiles)
@click.option("--all", "everything", is_flag=True, help="Every profile that somebody offers.")
@click.option("--unproven", is_flag=True, help="Also what this hub's signature does not stand for.")
@click.option("--give-up", is_flag=True, help="Take nothing back; clients keep it aside.")
@hub_option
@yes_option
@click.pass_obj
def heal(
    app: "App",
    profiles: tuple[str, ...],
    everything: bool,
    unproven: bool,
    give_up: bool,
    url: str | None,
    yes: bool,
) -> None:
    """Take back what a hub that was restored from a backup has lost, from the clients that have it.

    Without a PROFILE, only say what there is. Clients offer it while they are connected (stackroom sync
    --watch), this one, too. Where the hub has taken nothing else since, all comes back as it was; where it
    has, each commit comes back as the proposal that it was, and what overlaps becomes a conflict.
    """
    from stackroom.client.connection.exchange import attend
    from stackroom.sync import protocol as wire

    if profiles and everything:
        raise click.UsageError("name profiles, or say --all")
    if give_up and not profiles:
        raise click.UsageError("--give-up takes the profiles by name")
    address = app.workspace.hub(url).url
    ids = [app.workspace.entry(name).id for name in profiles]
    _, reply = attend(app.workspace, address, wire.ListOffers())
    offers = [_offer(app, each) for each in reply.offers]
    if not profiles and not everything:
        app.output.show(offers, lambda: _table(offers, app.workspace.clock()))
        return
    wanted = ids or list(dict.fromkeys(offer.profile for offer in offers))
    if not wanted:
        app.output.show(
            Healed(None, []), Lines(["Nobody who is connected has more than this hub."])
        )
        return
    what = "Give up what clients have of" if give_up else "Take back what clients have of"
    app.confirm(f"{what} {', '.join(_name(app, id) for id in wanted)}?", yes=yes)
    order = wire.Heal(tuple(wanted), unproven=unproven, give_up=give_up)
    _, reply = attend(app.workspace, address, order)
    _bring_up(app, address)
    shown = Healed(reply.epoch, [_healed(app, each) for each in reply.mended])
    app.output.show(shown, Lines([line for row in shown.profiles for line in _told(row)]))
    _end(shown)


def _end(shown: Healed) -> None:
    """Not all was healed: the first reason is the error."""
    from stackroom.client.errors import HubRefused

    for row in shown.profiles:
        if row.code:
            hint = "stackroom hub heal says what is offered"
            raise HubRefused(
                row.code, f"profile {row.name!r} was not healed: {row.sentence}", hint=hint
            )


def _bring_up(app: "App", url: str) -> None:
    """This home goes on with what the hub has now."""
    from stackroom.client.connection.exchange import exchange

    exchange(app.workspace, url)


def _name(app: "App", profile: str) -> str:
    found = (entry.name for entry in app.workspace.store.profiles() if entry.id == profile)
    return next(found, profile)


def _offer(app: "App", offer: "Offered") -> OfferRow:
    return OfferRow(
        offer.profile,
        _name(app, offer.profile),
        offer.head,
        offer.common,
        offer.seq,
        offer.user,
        offer.replica,
        offer.since,
        offer.proven,
        offer.head > offer.common,
    )


def _table(offers: list[OfferRow], now: int) -> list[View]:
    from stackroom.client.commands.times import ago

    rows = [
        (
            each.name,
            f"#{each.head}",
            f"#{each.common + 1} to #{each.seq}" + (" (parted)" if each.forks else ""),
            each.user,
            each.replica[-8:],
            ago(each.since, now),
            f"up to #{each.proven}" if each.proven else "on none",
        )
        for each in offers
    ]
    return [Table(HEADINGS, rows, empty="Nobody who is connected has more than this hub.")]


def _healed(app: "App", mended: "Mended") -> HealedRow:
    return HealedRow(
        mended.profile,
        _name(app, mended.profile),
        mended.kept,
        mended.brought,
        mended.known,
        list(mended.conflicts),
        list(mended.requests),
        mended.redone,
        list(mended.left),
        mended.given_up,
        mended.code,
        mended.sentence,
    )


def _told(row: HealedRow) -> list[str]:
    if row.code:
        return []
    if row.given_up:
        return [f"{row.name}: given up; clients keep aside what they have of it"]
    if row.kept:
        were = noun(row.kept, "it was", "they were")
        return [f"{row.name}: {counted(row.kept, 'commit')} taken back as {were}"]
    brought, there = counted(row.brought, "commit"), counted(row.known, "was", "were")
    lines = [f"{row.name}: {brought} brought back as proposals, {there} there"]
    lines += [f"  conflict #{seq}: stackroom conflicts show {seq}" for seq in row.conflicts]
    lines += [f"  change request #{seq}: stackroom request show {seq}" for seq in row.requests]
    if row.redone:
        lines.append(f"  {counted(row.redone, 'redaction')} made anew")
    if row.left:
        lines.append(
            f"  not taken: {', '.join(f'#{seq}' for seq in row.left)} (of a copied replica)"
        )
    return lines
