"""Which form a file is in, and what another form would lose."""

import pytest

from stackroom.client.zenml import Form, losses, parse_stack, render_stack

RICH = """
components:
  alerter:
  - {name: first, flavor: slack, type: alerter, configuration: {name: x, timeout: 3}}
  - {name: second, flavor: discord, type: alerter, configuration: {}}
  orchestrator:
  - {name: o, flavor: local, type: orchestrator, configuration: {}, labels: {team: ml}, id: i}
owner: aria
stack_name: rich
zenml_version: 0.98.0
"""


@pytest.mark.parametrize(
    ("component", "form"),
    [
        ("{name: o, flavor: local}", Form.FLAT),
        ("{name: o, flavor: local, type: orchestrator, id: i}", Form.FLAT),
        ("{name: o, flavor: local, type: orchestrator, configuration: {}, id: i}", Form.FULL),
        ("{name: o, flavor: local, type: orchestrator, configuration: {}, user: u}", Form.FULL),
        ("{name: o, flavor: local, type: orchestrator, configuration: {}}", Form.MAPPING),
        ("{name: o, flavor: local, type: orchestrator, configuration: , labels: {}}", Form.MAPPING),
        ("[{name: o, flavor: local, type: orchestrator, configuration: {}}]", Form.LIST),
        ("[{name: o, flavor: local}]", Form.LIST),
        ('{name: o, flavor: local, id: i, configuration: {"a": "True"}}', Form.RECIPE),
        ("{name: o, flavor: local, configuration: {}}", Form.RECIPE),
    ],
)
def test_the_form_is_recognised(component: str, form: Form) -> None:
    stack = parse_stack(f"components: {{orchestrator: {component}}}\nstack_name: s\n")
    assert stack.form is form
    assert stack.components[0].name == "o"


def test_a_stack_without_components_is_read() -> None:
    stack = parse_stack("components: {}\nstack_name: s\n")
    assert stack.components == ()
    assert render_stack(stack, form=Form.LIST) == "components: {}\nstack_name: s\n"


def test_unknown_types_and_keys_are_kept() -> None:
    stack = parse_stack(RICH.replace("alerter", "crystal_ball"))
    assert [spec.type for spec in stack.components[:2]] == ["crystal_ball", "crystal_ball"]
    assert stack.extra == {"owner": "aria"}
    assert stack.components[2].extra == {"labels": {"team": "ml"}, "id": "i"}
    assert parse_stack(render_stack(stack, form=Form.LIST)) == stack


def test_losses_of_todays_form() -> None:
    assert losses(parse_stack(RICH), Form.LIST) == [
        "owner: written, but ZenML does not read it",
        "orchestrator/o: id, labels: written, but ZenML does not read it",
    ]


def test_losses_of_the_mapping_form() -> None:
    assert losses(parse_stack(RICH), Form.MAPPING) == [
        "owner: written, but ZenML does not read it",
        "alerter/second: left out, form C has one component of a type, and first is the first",
        "orchestrator/o: id, labels: written, but ZenML does not read it",
    ]


def test_the_full_form_reads_ids() -> None:
    assert "orchestrator/o: labels: written, but ZenML does not read it" in losses(
        parse_stack(RICH), Form.FULL
    )


def test_losses_of_the_flat_form_are_what_is_not_there() -> None:
    stack = parse_stack(RICH)
    assert losses(stack, Form.FLAT) == [
        "owner: written, but ZenML does not read it",
        "alerter/second: left out, form A has one component of a type, and first is the first",
        "alerter/first: name: left out, form A has no place for it",
        "orchestrator/o: id, labels: left out, form A has no place for it",
    ]
    flat = parse_stack(render_stack(stack, form=Form.FLAT))
    assert [(spec.name, spec.config, spec.extra) for spec in flat.components] == [
        ("first", {"timeout": 3}, {}),
        ("o", {}, {}),
    ]
