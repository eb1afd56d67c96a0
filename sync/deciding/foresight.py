"""What will be said of a batch once it is durable: found while the disk is at work, and said only then."""

from collections.abc import Sequence

from stackroom.events.log import Answer
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Decision
from stackroom.sync.effects import Submit


def answered(submits: Sequence[Submit], decision: Decision) -> list[tuple[int, wire.Results]]:
    """The answers to a batch: one message for all that a session pushed to a profile, in that order."""
    told: dict[tuple[int, str], list[Answer]] = {}
    answers = iter(decision.answers)
    for submit in submits:
        for submission in submit.submissions:
            told.setdefault((submit.session, submission.profile), []).append(next(answers))
    return [
        (session, wire.Results(profile, tuple(each))) for (session, profile), each in told.items()
    ]
