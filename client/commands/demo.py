"""`stackroom demo`."""

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


@command("demo", example="stackroom demo")
@click.pass_obj
def demo(app: "App") -> None:
    """See it work: two people, one hub, an outage, a conflict, and how it comes together again.

    Everything happens in a temporary folder and on this machine alone; your own profiles are not
    touched. Ends with 1 if anything is not as it says.
    """
    from stackroom.client.demo import Demo

    began = time.monotonic()
    steps: list[str] = []

    def say(line: str) -> None:
        steps.append(line)
        app.output.say(line)

    with tempfile.TemporaryDirectory(prefix="stackroom-demo-") as folder:
        run = Demo(Path(folder), say)
        try:
            run.run()
        finally:
            run.close()
    seconds = round(time.monotonic() - began, 1)
    app.output.say(f"\nDone in {seconds} s; the temporary folder is gone.")
    if not app.output.for_people:
        app.output.show({"steps": run.steps, "root": run.root, "said": steps}, ())
