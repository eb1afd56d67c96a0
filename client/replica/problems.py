"""Problems that a replica core tells, as the errors that people and scripts are given."""

from stackroom.client.errors import (
    ClientError,
    NotAuthorised,
    SlowDown,
    Unreachable,
    VersionMismatch,
)
from stackroom.client.replica.replica import Problem
from stackroom.events.errors import IntegrityError, StackroomError


def as_error(problem: Problem) -> StackroomError:
    """The error of the kind that `problem` is, with its sentence and hint."""
    kind: type[StackroomError]
    match problem.code:
        case "unauthorised" | "replica_taken" | "forbidden":
            kind = NotAuthorised
        case "integrity" | "parted":
            kind = IntegrityError
        case "malformed" | "too_new":
            kind = VersionMismatch
        case "hub_full" | "hub_failed":
            kind = Unreachable
        case "too_fast" | "too_many_connections" | "too_many_attempts":
            kind = SlowDown
        case _:
            kind = ClientError
    return kind(problem.sentence, hint=problem.hint)
