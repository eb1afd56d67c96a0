"""The snippets of `docs/python.md`, run in their order against a real hub."""

import ast
import contextlib
import io
import re
from pathlib import Path

import anyio.from_thread
import anyio.to_thread
import pytest

import stackroom.client
from tests.client.hubs import running_hub
from tests.sync.open_access import token_of

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKROOM_USER", "ann")
    printed = io.StringIO()
    with (
        anyio.from_thread.start_blocking_portal("asyncio") as hubs,
        hubs.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub,
        contextlib.redirect_stdout(printed),
    ):
        for snippet in SNIPPETS:
            code = snippet.replace("ws://localhost:8765", hub.url)
            run(code, {"token": token_of("ann"), "stackroom": stackroom})
    said = printed.getvalue()
    assert "committed as #2" in said
    assert "{'artifact_store': ['s3'], 'orchestrator': ['k8s']}" in said or (
        "{'orchestrator': ['k8s'], 'artifact_store': ['s3']}" in said
    )
    assert "/config/kubernetes_namespace" in said
    assert said.rstrip().endswith("committed as #4")


def run(code: str, names: dict[str, object]) -> None:
    """Runs a snippet, with `await` at its top where it has one."""
    compiled = compile(code, "docs/python.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if "await" not in code and "async" not in code:
        exec(compiled, names)
        return

    async def main() -> None:
        await eval(compiled, names)

    anyio.run(main)
