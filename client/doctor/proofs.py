"""Whether histories hash to their roots: the newest commits, or all."""

from pathlib import Path

from stackroom.client.doctor.finding import Finding
from stackroom.client.doctor.limits import NEWEST
from stackroom.events.audit.damage import Misfit, misfits, newest_fit
from stackroom.events.errors import LogCorrupt
from stackroom.events.sqlite.log import open_reader


def proofs(path: Path, mend: str, *, full: bool) -> list[Finding]:
    """Verifies what a log or cache has; profiles of which commits are missing as far as they are there.

    Raises LogError for a file that cannot be opened as a log.
    """
    try:
        with open_reader(path) as log:
            heads = {listed.id: listed.seq for listed in log.profiles()}
            whole = [id for id in heads if log.missing(id) is None]
            if not full and newest_fit(log, NEWEST):
                return [_good(path, min(NEWEST, sum(heads.values())), full=False)]
            _, wrong = misfits(log)
            bad = [misfit for misfit in wrong if misfit.profile in whole]
    except LogCorrupt as error:
        return [Finding("proofs", "error", str(error), mend, {}, integrity=True)]
    if not bad:
        return [_good(path, sum(heads[id] for id in whole), full=True)]
    return [
        Finding(
            "proofs",
            "error",
            f"{path.name}: {_where(m)} is the first that does not fit",
            mend,
            {"seq": m.seq},
            integrity=True,
        )
        for m in bad
    ]


def _where(misfit: Misfit) -> str:
    which = f"commit #{misfit.seq}" if misfit.seq else "the head"
    return f"{which} of profile {misfit.name or misfit.profile!r}"


def _good(path: Path, commits: int, *, full: bool) -> Finding:
    which = "all" if full else "the newest"
    said = f"{which} commits in {path.name} hash to their roots ({commits:,})"
    return Finding("proofs", "ok", said, "", {"commits": commits, "full": full})
