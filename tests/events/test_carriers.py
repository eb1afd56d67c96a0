"""Types of event are said in words, and are those of the changes."""

from stackroom.events import carriers, model
from stackroom.events.bodies import CHANGES


def names(*changes: type[model.Change]) -> set[str]:
    return {name for name, change in CHANGES.items() if change in changes}


def test_they_are_the_names_of_changes() -> None:
    asked = names(model.ChangeRequested, model.RequestJoined)
    assert asked == carriers.REQUESTING
    assert asked | names(model.ConflictOpened, model.ConflictJoined) == carriers.HOLDING
    ended = names(model.ConflictResolved, model.RequestApproved, model.RequestClosed)
    assert ended == carriers.DECIDING
    assert names(model.RunRecorded, model.RunUpdated) == carriers.REPORTS
    assert names(model.Redacted) == {carriers.REDACTED}
