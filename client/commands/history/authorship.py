"""Who signed a commit, as far as this home can tell: for `show`."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Commit
    from stackroom.events.proofs.authors import AuthorFinding, KnownKey


def found(app: "App", copy: "ProfileCopy", commit: "Commit") -> "AuthorFinding":
    """What a look at the commit's author comes to here."""
    from stackroom.events.proofs.authors import author_finding

    complete = app.workspace.knows_people(copy)
    return author_finding(copy.id, commit, _keys(app, copy), complete=complete)


def _keys(app: "App", copy: "ProfileCopy") -> "Mapping[bytes, KnownKey] | None":
    """Every key of the people of the profile's hub; None where their history is not here."""
    from stackroom.events.history.history import pages
    from stackroom.events.proofs.authors import known_keys

    rights = app.workspace.rights(copy.hub) if copy.hub is not None else None
    if rights is None or not rights.people:
        return None
    with app.workspace.cache.reader() as log:
        if not log.head(rights.people).seq or log.missing(rights.people) is not None:
            return None
        return known_keys(chain.from_iterable(pages(log, rights.people, 0)))


def told(result: str, key: str | None, author: str | None, hub: str | None) -> str:
    """The finding as people read it."""
    match result:
        case "valid":
            return f"by key {key} of {author}"
        case "unsigned":
            return "no"
        case "invalid":
            return f"NOT RIGHTLY: this is not what key {key} signed"
        case "unregistered":
            return f"by key {key}, which is not known to be {author}'s (stackroom sync)"
        case _ if hub is None:
            return f"by key {key}; the profile is local, and no hub vouches for whose that is"
        case _:
            return (
                f"by key {key}; whose that is cannot be told without seeing the people of the hub "
                "(people.read) as they are now (stackroom sync)"
            )
