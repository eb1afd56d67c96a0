"""Edits as fast as it can, and says the id of each edit once it is saved; to be killed.

`python -m tests.client.writer HOME URL PROFILE`
"""

import os
import sys
from functools import partial
from pathlib import Path

import anyio

from tests.client.live import living
from tests.client.people import set_key


async def main(home: Path, url: str, profile: str) -> None:
    async with living(home, url) as live:
        for n in range(10_000):
            saved = await live.work(
                partial(set_key, profile=profile, key="n", value=f"{os.getpid()}-{n}")
            )
            print(saved.proposal.id, flush=True)
            await live.connection.look()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2], sys.argv[3])
