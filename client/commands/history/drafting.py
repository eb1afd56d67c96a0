"""Drafts that are only shown: what they would change, by the rules, and not yet."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.drafting.draft import Draft
    from stackroom.client.profile_copy import ProfileCopy


def show_draft(app: "App", copy: "ProfileCopy", draft: "Draft") -> None:
    """Shows what the draft would change in what stands here."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Changes
    from stackroom.events.history.history import diff

    names = Names(draft.preview, copy.view)
    rows = telling.changed(diff(copy.view, draft.preview), names)

    def lines() -> Changes:
        return Changes(list(telling.change_lines(rows, names)) or ["Nothing would change."])

    app.output.show(rows, lines)
    app.show_copy_age(copy)
