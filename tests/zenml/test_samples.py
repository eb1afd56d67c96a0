"""Every sample is read as what it is, and written back as it was."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from stackroom.client.zenml import ComponentSpec, Form, StackFile, losses, parse_stack, render_stack

SAMPLES = Path(__file__).parent / "samples"
WRITTEN_BY_ZENML = sorted(SAMPLES.glob("zenml-*/*.yaml"))
RECONSTRUCTED = {
    "zenml-0.20.5-form.yaml": Form.FULL,
    "zenml-0.44.0-form.yaml": Form.MAPPING,
    "terraform-recipe-form.yaml": Form.RECIPE,
}


def read(name: str) -> StackFile:
    return parse_stack((SAMPLES / name).read_bytes(), source=name)


@pytest.mark.parametrize("path", WRITTEN_BY_ZENML, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_what_zenml_wrote_is_written_back_byte_for_byte(path: Path) -> None:
    text = path.read_bytes()
    stack = parse_stack(text, source=path.name)
    assert stack.form is (Form.LIST if path.parent.name == "zenml-0.98" else Form.FLAT)
    assert stack.name == path.stem
    assert stack.ambiguous == ()
    assert render_stack(stack, form=stack.form).encode() == text
    assert losses(stack, stack.form) == []


@pytest.mark.parametrize(("name", "form"), RECONSTRUCTED.items())
def test_reconstructed_forms_are_written_back_key_by_key(name: str, form: Form) -> None:
    text = (SAMPLES / "reconstructed" / name).read_text()
    stack = parse_stack(text, source=name)
    assert stack.form is form
    written = render_stack(stack, form=form)
    yaml = YAML(typ="safe", pure=True)
    assert yaml.load(written) == yaml.load(text)
    by_type = tuple(sorted(stack.components, key=lambda spec: spec.type))
    assert parse_stack(written) == replace(stack, components=by_type)


@pytest.mark.parametrize("name", ["zenml-0.20.5-form.yaml", "zenml-0.44.0-form.yaml"])
def test_sorted_forms_lose_only_their_comment(name: str) -> None:
    comment, _, text = (SAMPLES / "reconstructed" / name).read_text().partition("\n")
    assert comment.startswith("#")
    stack = parse_stack(text)
    assert render_stack(stack, form=stack.form) == text


def test_every_sample_is_here() -> None:
    assert len(WRITTEN_BY_ZENML) == 12
    assert {p.name for p in SAMPLES.glob("reconstructed/*.yaml")} == set(RECONSTRUCTED)


def test_flat_attributes_are_configuration() -> None:
    store = read("zenml-0.13/aws_sagemaker.yaml").components[0]
    assert store == ComponentSpec(
        type="artifact_store",
        name="s3_store",
        flavor="s3",
        config={
            "client_kwargs": {
                "endpoint_url": "https://s3.eu-central-1.amazonaws.com",
                "region_name": "eu-central-1",
            },
            "key": "AKIAEXAMPLE",
            "path": "s3://acme-ml/zenml",
            "secret": "examplesecret",
        },
    )


def test_the_full_form_keeps_what_it_does_not_interpret() -> None:
    stack = read("reconstructed/zenml-0.20.5-form.yaml")
    assert stack.components[1].extra == {
        "id": "8a1b7d52-4d61-4b0d-9a60-1c5e7e0c9f44",
        "is_shared": True,
        "user": "5f6f7e8c-1b7c-4cf5-8f0e-5b9f0a1d2c33",
    }


def test_a_recipe_keeps_its_values_and_its_order() -> None:
    stack = read("reconstructed/terraform-recipe-form.yaml")
    assert [spec.type for spec in stack.components] == [
        "artifact_store",
        "container_registry",
        "orchestrator",
        "experiment_tracker",
    ]
    assert stack.components[2].config == {"kubernetes_context": "gke_acme", "synchronous": "True"}
    assert stack.zenml_version == "0.12.0"


def test_several_components_of_a_type_stay_in_order() -> None:
    stack = read("zenml-0.98/gcp_prod.yaml")
    trackers = [spec.name for spec in stack.components if spec.type == "experiment_tracker"]
    assert trackers == ["mlflow_tracker", "wandb_tracker"]


@pytest.mark.parametrize("path", WRITTEN_BY_ZENML, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_an_old_stack_becomes_one_that_todays_zenml_lays_out(path: Path) -> None:
    stack = parse_stack(path.read_bytes())
    today = parse_stack(render_stack(stack, form=Form.LIST))
    assert today == replace(stack, form=Form.LIST)
