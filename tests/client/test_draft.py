"""Drafts: what they collect, what they leave out, and what they refuse before anything is saved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackroom.client.drafting.draft import Draft
from stackroom.client.errors import NotFound, RefusedLocally
from stackroom.client.workspace import Workspace
from stackroom.events.model import (
    ComponentDeleted,
    ComponentRegistered,
    ComponentUpdated,
    StackDeleted,
    StackUpdated,
)
from stackroom.events.state import Component, Flavor, Stack
from tests.client.homes import workspace_at


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Workspace]:
    with workspace_at(tmp_path) as workspace:
        entry, _ = workspace.create_profile("team", hub=None)
        draft = workspace.edit(workspace.copy(entry.id), "begin")
        draft.register_component(
            "orchestrator", "k8s", "kubernetes", config={"ns": "ml", "pod": {"cpu": 1}}
        ).label("team", "ml")
        draft.register_component("orchestrator", "local", "local")
        draft.register_component("artifact_store", "s3", "s3")
        draft.register_stack("prod", {"orchestrator": "k8s", "artifact_store": ["s3"]})
        draft.commit()
        yield workspace


def begin(workspace: Workspace) -> Draft:
    return workspace.edit(workspace.copy(workspace.profiles()[0].id))


def component(workspace: Workspace, name: str, type: str = "orchestrator") -> Component:
    found = workspace.copy(workspace.profiles()[0].id).view.find(Component, name, type)
    assert found is not None
    return found[1]


def stack(workspace: Workspace, name: str = "prod") -> dict[str, list[str]]:
    view = workspace.copy(workspace.profiles()[0].id).view
    found = view.find(Stack, name)
    assert found is not None
    names = {id: c.name for id, c in view.all(Component)}
    return {type: [names[id] for id in ids] for type, ids in found[1].components.items()}


class TestCollecting:
    def test_later_steps_see_earlier_ones(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.register_component("alerter", "pager", "slack").set("room", "ops").rename("bell")
        draft.stack("prod").add("alerter", "bell").rename("live")
        draft.default_stack("live")
        draft.commit()
        assert stack(ada, "live")["alerter"] == ["bell"]
        assert component(ada, "bell", "alerter").config == {"room": "ops"}

    def test_nothing_is_saved_before_commit(self, ada: Workspace) -> None:
        before = ada.copy(ada.profiles()[0].id).seq
        draft = begin(ada)
        draft.component("orchestrator", "k8s").set("ns", "x")
        assert not draft.empty
        assert component(ada, "k8s").config["ns"] == "ml"
        assert ada.copy(ada.profiles()[0].id).seq == before

    def test_updates_that_follow_each_other_are_one_event(self, ada: Workspace) -> None:
        draft = begin(ada)
        k8s = draft.component("orchestrator", "k8s")
        k8s.set("a", 1).set("b", 2).unset("ns").label("x", "y").unlabel("team").flavor("tekton")
        assert draft.changes == [
            (
                k8s.id,
                ComponentUpdated(
                    {"/config/a": 1, "/config/b": 2, "/labels/x": "y", "/flavor": "tekton"},
                    ("/config/ns", "/labels/team"),
                ),
            )
        ]
        draft.commit()
        found = component(ada, "k8s")
        assert (found.config, found.labels, found.flavor) == (
            {"pod": {"cpu": 1}, "a": 1, "b": 2},
            {"x": "y"},
            "tekton",
        )

    def test_those_that_depend_on_their_order_stay_apart(self, ada: Workspace) -> None:
        draft = begin(ada)
        k8s = draft.component("orchestrator", "k8s")
        k8s.unset("pod").set("pod", "memory", 4).set("pod", "memory", 8)
        assert [change for _, change in draft.changes] == [
            ComponentUpdated({}, ("/config/pod",)),
            ComponentUpdated({"/config/pod/memory": 8}),
        ]
        draft.commit()
        assert component(ada, "k8s").config["pod"] == {"memory": 8}

    def test_several_keys_lead_into_a_map(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.component("orchestrator", "k8s").set("pod", "limits", "a/b", 2).unset("pod", "cpu")
        ((_, change),) = draft.changes
        assert change == ComponentUpdated({"/config/pod/limits/a~1b": 2}, ("/config/pod/cpu",))
        draft.commit()
        assert component(ada, "k8s").config["pod"] == {"limits": {"a/b": 2}}

    @pytest.mark.parametrize("arguments", [(), ("key",), (1, 2), ("a", 2, 3)])
    def test_set_needs_a_key_and_a_value(self, ada: Workspace, arguments: tuple[Any, ...]) -> None:
        with pytest.raises(TypeError, match="set takes a key"):
            begin(ada).component("orchestrator", "k8s").set(*arguments)


class TestLeavingOut:
    def test_what_stands_already(self, ada: Workspace) -> None:
        draft = begin(ada)
        k8s = draft.component("orchestrator", "k8s")
        k8s.set("ns", "ml").set("pod", {"cpu": 1}).unset("nothing").label("team", "ml")
        k8s.rename("k8s").flavor("kubernetes")
        draft.stack("prod").use("orchestrator", "k8s").add("artifact_store", "s3")
        draft.default_stack(None)
        assert draft.empty
        assert draft.changes == []

    def test_one_and_true_are_not_the_same(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.component("orchestrator", "k8s").set("pod", "cpu", True)
        assert not draft.empty

    def test_what_was_taken_back(self, ada: Workspace) -> None:
        draft = begin(ada)
        k8s = draft.component("orchestrator", "k8s")
        k8s.set("ns", "other").set("b", 1).set("ns", "ml")
        assert draft.changes == [(k8s.id, ComponentUpdated({"/config/b": 1}))]
        k8s.unset("b")
        assert draft.empty

    def test_an_empty_draft_is_not_saved(self, ada: Workspace) -> None:
        with pytest.raises(RefusedLocally) as raised:
            begin(ada).commit()
        assert raised.value.refusal.code == "empty"


class TestStacks:
    def test_use_add_remove(self, ada: Workspace) -> None:
        draft = begin(ada)
        prod = draft.stack("prod").use("orchestrator", "local", "k8s")
        prod.remove("artifact_store")
        assert draft.changes == [
            (
                prod.id,
                StackUpdated(
                    {
                        "/components/orchestrator": [
                            draft.component("orchestrator", n).id for n in ("local", "k8s")
                        ]
                    },
                    ("/components/artifact_store",),
                ),
            )
        ]
        draft.commit()
        assert stack(ada) == {"orchestrator": ["local", "k8s"]}
        draft = begin(ada)
        draft.stack("prod").remove("orchestrator", "local").add("artifact_store", "s3")
        draft.commit()
        assert stack(ada) == {"orchestrator": ["k8s"], "artifact_store": ["s3"]}

    def test_use_of_none_removes_the_type(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.stack("prod").use("orchestrator")
        draft.commit()
        assert stack(ada) == {"artifact_store": ["s3"]}

    def test_what_is_not_in_it_cannot_be_removed(self, ada: Workspace) -> None:
        prod = begin(ada).stack("prod")
        with pytest.raises(NotFound, match="does not have orchestrator 'local'"):
            prod.remove("orchestrator", "local")
        with pytest.raises(NotFound, match="'prod' has no alerter"):
            prod.remove("alerter")

    def test_a_stack_and_its_components_go_in_one_draft(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.stack("prod").delete()
        draft.component("orchestrator", "k8s").delete()
        draft.component("artifact_store", "s3").delete()
        assert [type(change) for _, change in draft.changes] == [
            StackDeleted,
            ComponentDeleted,
            ComponentDeleted,
        ]
        draft.commit()
        view = ada.copy(ada.profiles()[0].id).view
        assert [c.name for _, c in view.all(Component)] == ["local"]

    def test_a_name_is_free_again_after_a_deletion(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.component("orchestrator", "local").delete()
        draft.register_component("orchestrator", "local", "local_docker")
        draft.commit()
        assert component(ada, "local").flavor == "local_docker"


class TestRefusing:
    def test_names_that_are_not_there_come_with_the_nearest(self, ada: Workspace) -> None:
        draft = begin(ada)
        with pytest.raises(NotFound, match="there is no orchestrator 'k8'") as raised:
            draft.component("orchestrator", "k8")
        assert raised.value.hint == "did you mean 'k8s'?"
        with pytest.raises(NotFound, match="no stack 'prdo'") as raised:
            draft.stack("prdo")
        assert raised.value.hint == "did you mean 'prod'?"
        with pytest.raises(NotFound, match="no artifact_store 'k8s'") as raised:
            draft.register_stack("new", {"artifact_store": "k8s"})
        assert raised.value.hint == "stackroom component list"
        with pytest.raises(NotFound, match="no orchestrator 'batch'"):
            draft.flavor("orchestrator", "batch")
        assert draft.empty

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (2**64, "does not fit 64 bits"),
            (float("nan"), "not finite"),
            ({1: 2}, "not text"),
            ({"a": {1, 2}}, "set"),
            ("\udcff", "Unicode"),
        ],
    )
    def test_values_are_checked_as_they_are_given(
        self, ada: Workspace, value: Any, said: str
    ) -> None:
        draft = begin(ada)
        with pytest.raises(RefusedLocally, match=said) as raised:
            draft.component("orchestrator", "k8s").set("key", value)
        assert "orchestrator 'k8s': /config/key" in str(raised.value)
        with pytest.raises(RefusedLocally, match=said) as raised:
            draft.register_component("orchestrator", "new", "local", config={"key": value})
        assert "orchestrator 'new': config" in str(raised.value)
        assert draft.empty

    def test_a_label_is_text(self, ada: Workspace) -> None:
        number: Any = 3
        with pytest.raises(RefusedLocally, match="stack 'prod': /labels/a takes text"):
            begin(ada).stack("prod").label("a", number)

    @pytest.mark.parametrize("name", ["", "a/b", " a", "a\n", "x" * 300])
    def test_names(self, ada: Workspace, name: str) -> None:
        draft = begin(ada)
        with pytest.raises(RefusedLocally) as raised:
            draft.register_component("orchestrator", name, "local")
        assert raised.value.refusal.code == "invalid_name"
        with pytest.raises(RefusedLocally):
            draft.stack("prod").rename(name)
        assert draft.empty

    def test_rules_are_tried_step_by_step(self, ada: Workspace) -> None:
        draft = begin(ada)
        with pytest.raises(RefusedLocally, match="used by stack 'prod'"):
            draft.component("orchestrator", "k8s").delete()
        with pytest.raises(RefusedLocally, match="'local' already"):
            draft.component("orchestrator", "k8s").rename("local")
        with pytest.raises(RefusedLocally, match="'s3' already"):
            draft.register_component("artifact_store", "s3", "s3")
        draft.default_stack("prod")
        with pytest.raises(RefusedLocally, match="default stack"):
            draft.stack("prod").delete()
        assert len(draft.changes) == 1

    def test_what_was_deleted_in_the_draft(self, ada: Workspace) -> None:
        draft = begin(ada)
        local = draft.component("orchestrator", "local")
        local.delete()
        with pytest.raises(NotFound, match="orchestrator 'local' was deleted"):
            local.set("a", 1)

    def test_changes_made_elsewhere_are_checked_too(self, ada: Workspace) -> None:
        draft = begin(ada)
        with pytest.raises(RefusedLocally, match="already"):
            draft.add([(ada.new_id(), ComponentRegistered("k8s", "orchestrator", "other"))])

    def test_a_message_that_is_too_long(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.message = "m" * 10_001
        draft.component("orchestrator", "k8s").set("a", 1)
        with pytest.raises(RefusedLocally, match="10000 characters"):
            draft.commit()


class TestProfileAndFlavors:
    def test_profile(self, ada: Workspace) -> None:
        draft = begin(ada)
        draft.profile().describe("ours").setting("merge", "entity").rename("platform")
        draft.commit()
        copy = ada.copy(ada.profiles()[0].id)
        assert copy.view.profile is not None
        assert (copy.name, ada.profiles()[0].name) == ("platform", "platform")
        assert (copy.view.profile.description, copy.view.profile.settings) == (
            "ours",
            {"merge": "entity"},
        )

    def test_flavors(self, ada: Workspace) -> None:
        draft = begin(ada)
        batch = draft.register_flavor("orchestrator", "batch", source="acme.Batch")
        batch.config_schema({"type": "object"}).rename("bulk")
        draft.flavor("orchestrator", "bulk").source("acme.Bulk")
        draft.commit()
        found = ada.copy(ada.profiles()[0].id).view.find(Flavor, "bulk", "orchestrator")
        assert found is not None
        assert (found[1].source, found[1].config_schema) == ("acme.Bulk", {"type": "object"})
