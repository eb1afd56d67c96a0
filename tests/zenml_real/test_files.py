"""Files: what ZenML exports survives us byte for byte, and ZenML imports what we export."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stackroom.client.definitions import flavors
from stackroom.client.zenml import ComponentSpec, Form, StackFile, parse_stack, render_stack
from tests.commands.runner import Person
from tests.zenml_real.conftest import Zenml

pytestmark = [pytest.mark.zenml, pytest.mark.timeout(600)]

SAMPLES = Path(__file__).parents[1] / "zenml" / "samples"
OLD_TYPES = {"metadata_store", "secrets_manager"}
READABLE = sorted(SAMPLES.glob("zenml-0.98/*.yaml"))
# ZenML has a stack `default` already, and asks for another name; and its kubeflow needs Kubernetes' package.
NOT_TAKEN = {"default", "terraform-recipe-form"}
OLD = sorted(f for f in SAMPLES.rglob("*.yaml") if f not in READABLE and f.stem not in NOT_TAKEN)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def through_us(who: Person, file: Path) -> str:
    """What we export of what we imported."""
    who.stackroom("stack", "import", str(file), "--secrets", "keep").ok()
    name = parse_stack(file.read_bytes()).name
    return who.stackroom("stack", "export", name, "--format", "zenml-0.98").ok().out


@pytest.fixture(autouse=True)
def clean(zenml: Zenml) -> None:
    zenml.ask("wipe")


@pytest.mark.parametrize("path", READABLE, ids=named)
def test_a_sample_through_us_and_zenml_and_us_again(
    ada: Person, zenml: Zenml, path: Path, tmp_path: Path
) -> None:
    ours = through_us(ada, path)
    if parse_stack(ours).name == "default":
        theirs = zenml.ask("export", "default")
    else:
        theirs = zenml.ask("import", parse_stack(ours).name, ours)
    assert loaded(theirs) == loaded(ours)
    again = tmp_path / "again.yaml"
    again.write_text(theirs)
    before = ada.data("log", "--limit", "1")[0]["seq"]
    assert through_us(ada, again) == theirs
    assert ada.data("log", "--limit", "1")[0]["seq"] == before


@pytest.mark.parametrize("path", OLD, ids=named)
def test_an_old_stack_arrives_in_todays_zenml(ada: Person, zenml: Zenml, path: Path) -> None:
    """What no ZenML does itself: a stack from before 0.98, in 0.98, with all that 0.98 has a place for."""
    ada.stackroom("stack", "import", str(path), "--secrets", "keep").ok()
    name = parse_stack(path.read_bytes()).name
    members = ada.data("stack", "describe", name)["components"]
    if gone := [type for type in members if type in OLD_TYPES]:
        ada.stackroom("stack", "remove-component", name, *gone).ok()
    for type, listed in members.items():
        for member in listed:
            if keys := unknown_today(type, member):
                group = type.replace("_", "-")
                ada.stackroom(group, "remove-attribute", member["name"], *keys).ok()
    ours = ada.stackroom("stack", "export", name, "--format", "zenml-0.98").ok().out
    theirs = zenml.ask("import", name, ours)
    assert loaded(theirs) == read_by_zenml(loaded(ours))


def read_by_zenml(file: Any) -> Any:
    """The file without the keys beside a configuration, such as form B's `id`: 0.98 passes them over."""
    for listed in file["components"].values():
        for component in listed:
            for key in component.keys() - {"name", "type", "flavor", "configuration"}:
                del component[key]
    return file


def unknown_today(type: str, member: dict[str, Any]) -> list[str]:
    """The options that name what 0.98 does not know of a component's configuration."""
    known = flavors.known(type, member["flavor"])
    if type in OLD_TYPES or known is None:
        return []
    versions = {key: known.attributes[key].versions for key in member["config"]}
    return [f"--{key}" for key, found in versions.items() if found and "0.98" not in found]


WORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc",)),
    min_size=1,
    max_size=30,
).filter(lambda text: text == text.strip() and "{{" not in text)
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
MAPS = st.dictionaries(NAMES, WORDS | st.integers(-(2**31), 2**31) | st.booleans(), max_size=3)


@st.composite
def stacks(draw: st.DrawFn) -> StackFile:
    """A stack that ZenML 0.98 could have: two components of a type among it."""

    def s3(name: str) -> ComponentSpec:
        path = "s3://" + draw(NAMES)
        return ComponentSpec(
            "artifact_store", name, "s3", {"path": path, "client_kwargs": draw(MAPS)}
        )

    def tracker(name: str) -> ComponentSpec:
        return ComponentSpec(
            "experiment_tracker", name, "wandb", {"api_key": draw(WORDS), "entity": draw(WORDS)}
        )

    kubernetes = {
        "kubernetes_namespace": draw(WORDS),
        "synchronous": draw(st.booleans()),
        "timeout": draw(st.integers(0, 10**6)),
    }
    return StackFile(
        Form.LIST,
        "made-" + draw(NAMES),
        (
            s3("store-" + draw(NAMES)),
            tracker("one-" + draw(NAMES)),
            tracker("two-" + draw(NAMES)),
            ComponentSpec("orchestrator", "orc-" + draw(NAMES), "kubernetes", kubernetes),
        ),
        "0.98.0",
    )  # fmt: skip


@given(stack=stacks())
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_generated_stacks_do_the_same(
    tmp_path_factory: pytest.TempPathFactory, zenml: Zenml, stack: StackFile
) -> None:
    folder = tmp_path_factory.mktemp("made")
    who = Person(folder / "who", "who")
    zenml.ask("wipe")
    file = folder / "made.yaml"
    file.write_text(render_stack(stack, form=Form.LIST))
    theirs = zenml.ask("import", stack.name, file.read_text())
    file.write_text(theirs)
    ours = through_us(who, file)
    assert ours == theirs
    zenml.ask("wipe")
    assert zenml.ask("import", stack.name, ours) == theirs


def test_its_store_says_what_its_exports_say(ada: Person, zenml: Zenml, tmp_path: Path) -> None:
    zenml.ask(
        "register", "orchestrator", "k8s", "kubernetes", {"kubernetes_namespace": "ml"}, {"a": "b"}
    )
    zenml.ask("register", "artifact_store", "s3", "s3", {"path": "s3://acme"}, None)
    zenml.ask("stack", "prod", {"orchestrator": "k8s", "artifact_store": "s3"})
    ada.stackroom("zenml", "import-store", str(zenml.config), "--secrets", "keep").ok()
    file = tmp_path / "prod.yaml"
    file.write_text(zenml.ask("export", "prod"))
    ran = ada.stackroom("plan", "-f", str(file), "--exit-code").ok()
    assert "all of it is there already" in ran.out
    assert ada.data("component", "describe", "orchestrator", "k8s")["labels"] == {"a": "b"}
