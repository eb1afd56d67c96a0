"""A command that met a damaged cache: it is mended, and the command may run again."""

from typing import TYPE_CHECKING

from stackroom.events.errors import LogCorrupt

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.workspace import Workspace


def mend(app: "App", error: LogCorrupt) -> None:
    """Returns if the damage that `error` tells of is mended, and the command did nothing yet.

    Raises `error` if it is not mended; CacheDamaged that says so where the command must not run twice.
    """
    from stackroom.client.home.cache import CacheDamaged
    from stackroom.client.rescue.mending import mend_cache, told

    if not isinstance(error, CacheDamaged):
        raise error
    opened: Workspace | None = app.__dict__.pop("workspace", None)
    damaged = opened.cache.same if opened is not None else None
    mended = mend_cache(app.home, damaged, offline=app.offline)
    if not mended.done:
        hint = f"{told(mended, app.home.replica)}; what is pending is safe"
        raise CacheDamaged(str(error), hint=hint) from error
    app.output.note(told(mended, app.home.replica))
    if opened is not None and opened.acted:
        raise CacheDamaged(
            "the command ended in the middle, at a damaged file that is mended now",
            hint="run it again; what it had saved is kept",
        ) from error
