"""The snippets of `docs/runs.md`, run in their order against a real hub; those of ZenML by a stand-in for it."""

import contextlib
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import anyio.from_thread
import pytest

import stackroom.client
from stackroom.client.blocking import Profile
from tests.client.hubs import running_hub
from tests.client.test_python_page import run
from tests.sync.open_access import token_of

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
RUN = "01960000-1111-7222-8333-444455556666"


def stand_in() -> ModuleType:
    """As much of `zenml` as the hooks need: a context of a step in a run, and the decorator."""
    zenml = ModuleType("zenml")
    stack = SimpleNamespace(name="prod")
    context = SimpleNamespace(
        pipeline=SimpleNamespace(name="scoring"),
        pipeline_run=SimpleNamespace(id=RUN, stack=stack),
    )
    vars(zenml)["get_step_context"] = lambda: context

    def step(**hooks: Callable[..., None]) -> Callable[[Any], Any]:
        return lambda function: SimpleNamespace(function=function, **hooks)

    vars(zenml)["step"] = step
    return zenml


def begin(profile: Profile) -> None:
    with profile.edit("begin") as draft:
        draft.register_component("orchestrator", "k8s", "kubernetes")
        draft.register_stack("prod", {"orchestrator": "k8s"})


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "zenml", stand_in())
    printed = io.StringIO()
    with (
        anyio.from_thread.start_blocking_portal("asyncio") as hubs,
        hubs.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub,
        contextlib.redirect_stdout(printed),
    ):
        token = token_of("ann")
        with stackroom.client.connect_sync(hub.url, token=token) as at:
            begin(at.create_profile("team"))
        names: dict[str, Any] = {"token": token, "stackroom": stackroom}
        for snippet in SNIPPETS:
            run(snippet.replace("ws://localhost:8765", hub.url), names)
        names["publish"].on_success()
        names["publish"].on_failure(ValueError())
        with stackroom.client.connect_sync(hub.url, token=token) as at:
            profile = at.profile("team")
            scoring = profile.run(RUN)
            assert (scoring.pipeline, scoring.status, scoring.seq) == ("scoring", "failed", 2)
            assert [run.pipeline for run in profile.runs()] == ["scoring", "training"]
            assert profile.runs(pipeline="training")[0].name == "nightly-42"
            assert profile.runs(stack="prod", status="completed", limit=1)[0].author == "ann"
    said = printed.getvalue().splitlines()
    assert said[0].endswith(": committed as #3")
    assert said[1] == "training ann 2"
