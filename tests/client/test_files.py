"""Entity files: what is written is read again, and what people wrote around the values stays."""

import re
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.definitions.exporting import definitions
from stackroom.client.definitions.planning import after, merged, plan
from stackroom.client.errors import NotASource
from stackroom.client.files import folder, shape, text
from stackroom.client.files.shape import ComponentFile, File, FlavorFile, ProfileFile, StackFile
from stackroom.client.zenml.errors import StackFileError
from stackroom.events.fold import apply_change
from stackroom.events.model import ProfileCreated
from stackroom.events.state import State
from stackroom.events.values import Value
from tests.events.world import uid

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/"), min_size=1
).filter(lambda name: name == name.strip() and len(name) < 200)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["no", "1e3", "0o17", "12:30", "~", "2020-01-01", "{{a.b}}", "a: b", "# x"])
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(NAMES, VALUES, max_size=4)
LABELS = st.dictionaries(NAMES, NAMES, max_size=2)
TYPES = st.sampled_from(["orchestrator", "artifact_store", "my_type"])
FILES: st.SearchStrategy[File] = st.one_of(
    st.builds(ComponentFile, TYPES, NAMES, NAMES, MAPS, LABELS, MAPS),
    st.builds(FlavorFile, TYPES, NAMES, NAMES, st.none() | NAMES, st.none() | MAPS, MAPS),
    st.builds(
        StackFile, NAMES, NAMES, st.dictionaries(TYPES, st.lists(NAMES, min_size=1), max_size=2)
    ),
    st.builds(ProfileFile, NAMES, NAMES, st.none() | NAMES, MAPS),
)

COMMENTED = """\
# our cluster
kind: component   # what it is
type: orchestrator
name: k8s
flavor: kubernetes
# where it runs
config:
  # the namespace
  kubernetes_namespace: 'ml'  # since May
  # in seconds
  timeout: 5
  pod:
    a: "no"
    b:
      - 1
      - 2
labels: {team: ml}
# end
"""
CONFIG: dict[str, Value] = {
    "kubernetes_namespace": "ml",
    "timeout": 5,
    "pod": {"a": "no", "b": [1, 2]},
}


def component(config: dict[str, Value] = CONFIG, name: str = "k8s") -> ComponentFile:
    return ComponentFile("orchestrator", name, "kubernetes", config, {"team": "ml"})


@given(FILES)
def test_what_is_written_is_read_again(file: File) -> None:
    assert text.parse(text.render(file), "f") == file


@given(st.data())
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_a_revision_says_what_is_wanted(data: st.DataObject) -> None:
    before = data.draw(FILES)
    after = data.draw(FILES.filter(lambda file: type(file) is type(before)))
    content = text.render(before)
    assert text.parse(text.revised(content, after, "f"), "f") == after
    assert text.revised(content, before, "f") == content


@st.composite
def profiles(draw: st.DrawFn) -> Definitions:
    """What a profile may say: stacks of its own components, among flavors of its own."""
    keys = draw(st.lists(st.tuples(TYPES, NAMES), max_size=5, unique=True))
    components = tuple(
        ComponentDefinition(type, name, draw(NAMES), draw(MAPS), draw(LABELS), draw(MAPS))
        for type, name in keys
    )
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    stacks = []
    for name in names:
        members: dict[str, list[str]] = {}
        for type, member in draw(st.lists(st.sampled_from(keys), unique=True)) if keys else ():
            members.setdefault(type, []).append(member)
        stacks.append(StackDefinition(name, members, draw(LABELS), draw(NAMES), draw(MAPS)))
    flavors = tuple(
        FlavorDefinition(type, name, draw(NAMES), None, draw(st.none() | MAPS))
        for type, name in draw(st.lists(st.tuples(TYPES, NAMES), max_size=2, unique=True))
    )
    default = draw(st.sampled_from(["", *names]))
    profile = ProfileDefinition(draw(NAMES), {}, default)
    return Definitions(flavors, components, tuple(stacks), profile, whole=True)


@given(profiles())
def test_a_profile_through_files_is_the_same(wanted: Definitions) -> None:
    numbers = count()

    def new_id() -> str:
        return uid(next(numbers))

    created = State()
    apply_change(created, (1, created.writer(uid(1))), new_id(), ProfileCreated("p"))
    state = after(created, plan(wanted, created, new_id, on_conflict="replace"))
    written = [text.render(file) for file in shape.files("p", definitions(state))]
    read = merged(shape.definitions(text.parse(each, "f"), "") for each in written)
    assert plan(read, state, new_id, on_conflict="replace", prune=True).changes == []
    again = after(created, plan(read, created, new_id, on_conflict="replace"))
    assert shape.files("p", definitions(again)) == shape.files("p", definitions(state))


class TestComments:
    def test_what_says_the_same_is_not_touched(self) -> None:
        assert text.revised(COMMENTED, component(), "f") == COMMENTED

    def test_a_changed_value_keeps_everything_around_it(self) -> None:
        changed = text.revised(COMMENTED, component(CONFIG | {"timeout": 60}), "f")
        assert changed == COMMENTED.replace("timeout: 5", "timeout: 60")

    def test_a_new_key_and_one_that_goes(self) -> None:
        wanted: dict[str, Value] = {**CONFIG, "debug": "yes"}
        del wanted["kubernetes_namespace"]
        changed = text.revised(COMMENTED, component(wanted), "f")
        assert text.parse(changed, "f") == component(wanted)
        for line in ("# our cluster", "# what it is", "# where it runs", "# in seconds", "# end"):
            assert line in changed
        assert "debug: 'yes'" in changed
        assert "since May" not in changed


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("kind: x\n", "f:1:7: kind is none of profile, flavor, component, stack"),
            ("kind: component\ntype: o\nname: 3\nflavor: x\n", "f:3:7: name: expected `str`"),
            ("kind: component\ntype: o\nname: a\nflavour: x\n", "unknown field `flavour`"),
            ("kind: stack\nname: a\ncomponents:\n  o:\n  - 1\n", "expected `str`, got `int`"),
            ("kind: component\ntype: O\nname: a\nflavor: x\n", "f:2:7: type: expected"),
            ("[1]\n", "kind is none of"),
            ("", "empty"),
        ],
    )
    def test_it_is_told_with_its_place(self, content: str, said: str) -> None:
        with pytest.raises(StackFileError, match=re.escape(said)) as raised:
            text.parse(content, "f")
        assert raised.value.hint


def write(root: Path, *files: File) -> list[str]:
    changes = folder.changes(root, folder.held(root), files)
    folder.carry_out(changes)
    return [str(change.path.relative_to(root)) for change in changes]


class TestFolder:
    def test_it_comes_to_hold_what_is_wanted(self, tmp_path: Path) -> None:
        one, two = component(name="one"), component(name="two")
        assert write(tmp_path, ProfileFile("p"), one, two) == [
            "profile.yaml",
            "components/orchestrator/one.yaml",
            "components/orchestrator/two.yaml",
        ]
        assert write(tmp_path, ProfileFile("p"), one, two) == []
        assert [held.file for held in folder.held(tmp_path)] == [one, two, ProfileFile("p")]
        assert write(tmp_path, ProfileFile("p")) == [
            "components/orchestrator/one.yaml",
            "components/orchestrator/two.yaml",
        ]
        assert not (tmp_path / "components" / "orchestrator").exists()

    def test_a_file_stays_where_people_put_it(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "cluster.yml").write_text(COMMENTED)
        (tmp_path / "notes.yaml").write_text("just: notes\n")
        (tmp_path / "other.yaml").write_text("kind: Deployment\n---\na: !!python/name:x [\n")
        assert write(tmp_path, component(CONFIG | {"timeout": 6})) == ["mine/cluster.yml"]
        assert (tmp_path / "notes.yaml").read_text() == "just: notes\n"
        assert (tmp_path / "other.yaml").exists()

    @pytest.mark.parametrize(
        "names",
        [["a b", "ä", "..", ".hidden", "CON.", "a\\b", "a:b", "*"], ["K8s", "k8s"], ["x" * 255]],
    )
    def test_names_that_file_systems_refuse(self, tmp_path: Path, names: list[str]) -> None:
        wanted = [component(name=name) for name in names]
        made = write(tmp_path, *wanted)
        assert len({path.casefold() for path in made}) == len(names)
        held = sorted((each.file for each in folder.held(tmp_path)), key=lambda f: f.name)
        assert held == sorted(wanted, key=lambda f: f.name)
        assert write(tmp_path, *wanted) == []

    def test_two_files_for_one_entity(self, tmp_path: Path) -> None:
        for name in ("a.yaml", "b.yaml"):
            (tmp_path / name).write_text(COMMENTED)
        with pytest.raises(folder.NotOneProfile, match=r"a\.yaml and .*b\.yaml"):
            write(tmp_path)

    def test_a_file_that_is_no_yaml(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("kind: component\nname: [")
        with pytest.raises(NotASource, match=r"a\.yaml:"):
            write(tmp_path)
