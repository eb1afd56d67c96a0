"""Configurations on the command line: checked, kept as text where they are text, asked for at a terminal."""

from pathlib import Path

import pytest

from tests.commands.runner import Person, command
from tests.commands.team import person
from tests.commands.terminal import Terminal


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return person(tmp_path)


def config(who: Person, name: str = "v") -> object:
    return who.data("component", "describe", "orchestrator", name)["config"]


REGISTER = ("orchestrator", "register", "v", "--flavor", "vertex")


class TestRegister:
    def test_a_misspelt_key_is_refused_with_the_right_one(self, ada: Person) -> None:
        ran = ada.stackroom(*REGISTER, "--location=eu", "--projct=x")
        ran.failed(1, "no attribute 'projct'", "did you mean 'project'?", "--no-validate")
        ada.stackroom(*REGISTER).failed(1, "location is required")
        assert ada.data("component", "list") == []
        ada.stackroom(*REGISTER, "--projct=x", "--no-validate").ok()
        assert config(ada) == {"projct": "x"}

    def test_what_is_text_stays_text(self, ada: Person) -> None:
        ada.stackroom(
            *REGISTER, "--location=eu", "--project=0123", "--network=true", "--gpu_limit=2"
        ).ok()
        assert config(ada) == {
            "location": "eu",
            "project": "0123",
            "network": "true",
            "gpu_limit": 2,
        }

    def test_a_credential_in_plain_text_is_refused(self, ada: Person) -> None:
        words = ("alerter", "register", "a", "--flavor", "slack")
        ran = ada.stackroom(*words, "--slack_token=xoxb")
        ran.failed(1, "alerter/a: config.slack_token", "{{a.slack_token}}", "--allow-plaintext")
        assert "xoxb" not in ran.err + ran.out
        ada.stackroom(*words, "--slack_token=xoxb", "--allow-plaintext", "-m", "a test").ok()
        (newest, *_) = ada.data("log")
        assert newest["message"] == "a test\n\nAllow-Plaintext: alerter/a: config.slack_token"
        ran = ada.stackroom(*words[:2], "b", *words[3:], "--slack_token={{slack.token}}").ok()
        assert "credential" not in ran.err

    def test_so_is_one_that_the_teams_schema_marks(self, ada: Person, tmp_path: Path) -> None:
        schema = tmp_path / "s.json"
        schema.write_text('{"properties": {"pin": {"type": "string", "format": "password"}}}')
        ada.stackroom("alerter", "flavor", "register", "slack", "--schema", f"@{schema}").ok()
        words = ("alerter", "register", "a", "--flavor", "slack")
        ada.stackroom(*words, "--pin=1234").failed(1, "alerter/a: config.pin")
        ada.stackroom(*words, "--pin=1234", "--allow-plaintext").ok()
        update = ("alerter", "update", "a", "--pin={{slack.pin}}")
        assert "credential" not in ada.stackroom(*update).ok().err

    def test_so_is_one_inside_a_map(self, ada: Person) -> None:
        words = ("artifact-store", "register", "s", "-f", "s3", "--path=s3://b")
        ran = ada.stackroom(*words, "--client_kwargs.aws_secret_access_key=hunter2")
        ran.failed(1, "client_kwargs.aws_secret_access_key (its key names a credential)")
        assert "hunter2" not in ran.err + ran.out
        ada.stackroom(*words, "--client_kwargs.aws_secret_access_key=x", "--allow-plaintext").ok()
        update = ("artifact-store", "update", "s", "--config_kwargs.proxy.password=hunter2")
        ran = ada.stackroom(*update)
        ran.failed(1, "config_kwargs.proxy.password")
        assert "aws_secret_access_key" not in ran.err


class TestCredentialsThatTheFlavorMarks:
    """`tracking_username` is one by ZenML's data, not by its name."""

    REGISTER = (
        "experiment-tracker", "register", "m", "-f", "mlflow", "--tracking_uri=https://mlflow.example",
        "--tracking_username=ada_l",
    )  # fmt: skip

    def test_an_export_says_so(self, ada: Person) -> None:
        ada.stackroom(*self.REGISTER).failed(1, "config.tracking_username")
        ada.stackroom(*self.REGISTER, "--allow-plaintext").ok()
        ada.stackroom("orchestrator", "register", "o", "-f", "local").ok()
        ada.stackroom("artifact-store", "register", "a", "-f", "local").ok()
        ada.stackroom("stack", "register", "s", "-o", "o", "-a", "a", "-e", "m").ok()
        said = "experiment_tracker/m: tracking_username: looks like a credential"
        assert said in ada.stackroom("stack", "export", "s").ok().err
        ada.stackroom("experiment-tracker", "update", "m", "--tracking_username={{m.u}}").ok()
        assert said not in ada.stackroom("stack", "export", "s").ok().err

    def test_so_does_one_of_the_whole_profile(self, ada: Person, tmp_path: Path) -> None:
        ada.stackroom(*self.REGISTER, "--allow-plaintext").ok()
        schema = tmp_path / "s.json"
        schema.write_text('{"properties": {"pin": {"type": "string", "format": "password"}}}')
        ada.stackroom("alerter", "flavor", "register", "pager", "--schema", f"@{schema}").ok()
        ada.stackroom(
            "alerter", "register", "a", "-f", "pager", "--pin=hunter2", "--allow-plaintext"
        ).ok()
        ran = ada.stackroom("profile", "export", str(tmp_path / "out")).ok()
        assert "experiment_tracker/m: tracking_username: looks like a credential" in ran.err
        assert "alerter/a: pin: looks like a credential" in ran.err
        assert "hunter2" not in ran.err + ran.out


class TestCopy:
    def test_a_copy_is_checked_as_what_is_registered(self, ada: Person) -> None:
        ada.stackroom(*REGISTER, "--projct=x", "--no-validate").ok()
        copy = ("orchestrator", "copy", "v", "w")
        ada.stackroom(*copy).failed(1, "did you mean 'project'?", "location is required")
        ada.stackroom(*copy, "--no-validate").ok()
        assert config(ada, "w") == {"projct": "x"}

    def test_against_the_flavor_where_it_goes(self, ada: Person, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_text('{"required": ["queue"]}')
        ada.stackroom("orchestrator", "register", "b", "-f", "batch").ok()
        ada.stackroom("profile", "create", "strict", "--local").ok()
        register = ("orchestrator", "flavor", "register", "batch", "--schema")
        ada.stackroom(*register, f"@{tmp_path}/s.json", "--profile", "strict").ok()
        words = ("orchestrator", "copy", "b", "b", "--from", "team", "--to", "strict")
        ada.stackroom(*words).failed(1, "queue is required")


class TestUpdate:
    @pytest.fixture
    def odd(self, ada: Person) -> Person:
        """Someone with a component that was wrong before anybody looked."""
        ada.stackroom(*REGISTER, "--projct=x", "--no-validate").ok()
        return ada

    def test_what_was_odd_may_stay_so(self, odd: Person) -> None:
        odd.stackroom("orchestrator", "update", "v", "--network=n").ok()
        assert config(odd) == {"projct": "x", "network": "n"}

    def test_what_the_update_makes_wrong_is_refused(self, odd: Person) -> None:
        update = ("orchestrator", "update", "v")
        odd.stackroom(*update, "--gpu_limit=x").failed(1, "gpu_limit must be")
        odd.stackroom(*update, "--projct=y").failed(1, "'projct'")
        odd.stackroom(*update, "--location=eu").ok()
        odd.stackroom("orchestrator", "remove-attribute", "v", "--location").failed(1, "required")
        odd.stackroom(*update, "--flavor", "kubernetes").failed(1, "'location'")
        odd.stackroom(*update, "--flavor", "kubernetes", "--no-validate").ok()

    def test_so_it_is_inside_a_map(self, ada: Person, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_text(
            '{"properties": {"pod": {"properties": {"cpu": {"type": "integer"}}},'
            ' "ports": {"items": {"type": "integer"}}}}'
        )
        ada.stackroom(
            "orchestrator", "flavor", "register", "b", "--schema", f"@{tmp_path}/s.json"
        ).ok()
        ada.stackroom(
            "orchestrator", "register", "v", "-f", "b", "--pod.cpu=x", "--ports=[x]", "--no-validate"
        ).ok()  # fmt: skip
        update = ("orchestrator", "update", "v")
        ada.stackroom(*update, "--pod.memory=1").ok()
        ada.stackroom(*update, "--pod.cpu=yy").failed(1, "pod.cpu must be of type integer")
        ada.stackroom(*update, "--ports=[y]").failed(1, "ports.0 must be of type integer")
        ada.stackroom(*update, "--pod.cpu=2").ok()
        assert config(ada) == {"pod": {"cpu": 2, "memory": 1}, "ports": ["x"]}

    def test_without_a_name_that_of_the_stack_in_use(self, odd: Person) -> None:
        odd.stackroom("stack", "register", "s", "-o", "v", "--set").ok()
        odd.stackroom("orchestrator", "update", "--network=n", "--location=eu").ok()
        assert config(odd) == {"projct": "x", "network": "n", "location": "eu"}


class TestFiles:
    def test_apply_refuses_what_does_not_fit(self, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "v.yaml"
        text = (
            "kind: component\ntype: orchestrator\nname: v\nflavor: vertex\nconfig:\n  locaton: eu\n"
        )
        file.write_text(text)
        for args in (("plan",), ("apply", "--yes")):
            ran = ada.stackroom(*args, "-f", str(file))
            ran.failed(
                1, "v.yaml: orchestrator/v", "did you mean 'location'?", "location is required"
            )
        ada.stackroom("apply", "--yes", "-f", str(file), "--no-validate").ok()
        assert ada.stackroom("plan", "-f", str(file)).ok()

    def test_an_import_notes_it_and_takes_it(self, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "s.yaml"
        file.write_text(
            "components:\n  orchestrator:\n  - {name: v, flavor: vertex, configuration: {locaton: eu},"
            " type: orchestrator}\nstack_name: s\nzenml_version: 0.98.0\n"
        )
        ran = ada.stackroom("stack", "import", str(file)).ok()
        assert "no attribute 'locaton'" in ran.err
        assert config(ada) == {"locaton": "eu"}


class TestFlavors:
    def test_zenmls_are_listed_beside_the_teams_own(self, ada: Person) -> None:
        ada.stackroom("flavor", "register", "orchestrator", "vertex", "--source", "acme.V").ok()
        rows = {row["name"]: row for row in ada.data("flavor", "list", "orchestrator")}
        assert rows["vertex"]["custom"]
        assert not rows["kubernetes"]["custom"]
        assert rows["kubernetes"]["id"] is None
        assert rows["kubernetes"]["versions"] == ["0.10", "0.12", "0.13", "0.98"]
        assert "ZenML" in ada.stackroom("flavor", "list").ok().out

    def test_one_of_zenmls_with_its_attributes(self, ada: Person) -> None:
        found = ada.data("artifact-store", "flavor", "describe", "s3")
        assert found["attributes"][0] == {
            "name": "path", "type": "str", "required": True, "secret": False, "versions": [],
        }  # fmt: skip
        assert "secret" in ada.stackroom("artifact-store", "flavor", "describe", "s3").ok().out
        ada.stackroom("artifact-store", "flavor", "describe", "s33").failed(3, "did you mean 's3'")

    def test_update(self, ada: Person, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_text(
            '{"properties": {"queue": {}}, "additionalProperties": false}'
        )
        (tmp_path / "bad.json").write_text('{"type": "nonsense"}')
        ada.stackroom("flavor", "register", "orchestrator", "b", "--source", "acme.B").ok()
        update = ("flavor", "update", "orchestrator", "b")
        ada.stackroom(*update).failed(2, "othing to change")
        ada.stackroom(*update, "--schema", f"@{tmp_path}/bad.json").failed(2, "no JSON Schema")
        ada.stackroom(*update, "--source", "acme.C", "--schema", f"@{tmp_path}/s.json").ok()
        assert ada.data("flavor", "describe", "orchestrator", "b")["source"] == "acme.C"
        ada.stackroom("orchestrator", "register", "o", "-f", "b", "--que=1").failed(1, "'que'")

    def test_rename_takes_its_components_with_it(self, ada: Person) -> None:
        ada.stackroom("orchestrator", "flavor", "register", "b", "--source", "acme.B").ok()
        for type in ("orchestrator", "alerter"):
            ada.stackroom(type, "register", "v", "--flavor", "b").ok()
        before = ada.data("log", "--limit", "1")[0]["seq"]
        ada.stackroom("orchestrator", "flavor", "rename", "b", "batch").ok()
        assert ada.data("log", "--limit", "1")[0]["seq"] == before + 1
        flavors = {row["type"]: row["flavor"] for row in ada.data("component", "list")}
        assert flavors == {"orchestrator": "batch", "alerter": "b"}
        (own,) = ada.data("flavor", "list", "--custom")
        assert (own["name"], own["components"][0]["name"]) == ("batch", "v")
        ada.stackroom("flavor", "rename", "orchestrator", "b", "c").failed(3, "'b'")

    def test_a_class_alone_has_no_name(self, ada: Person) -> None:
        words = ("orchestrator", "flavor", "register", "acme.batch.BatchFlavor")
        ran = ada.stackroom(*words)
        ran.failed(2, "flavor register orchestrator NAME --source acme.batch.BatchFlavor")
        assert ada.data("flavor", "list", "--custom") == []
        ada.stackroom(*words, "--source", "acme.batch.BatchFlavor").ok()


def test_a_command_that_needs_no_flavor_loads_none(ada: Person) -> None:
    ada.stackroom(*REGISTER, "--location=eu").ok()
    for args, heavy in (
        (("status",), ("stackroom.client.definitions.flavors", "jsonschema")),
        (("component", "list"), ("stackroom.client.definitions.flavors", "jsonschema")),
        (("orchestrator", "update", "v", "--project=p"), ("jsonschema", "ruamel.yaml")),
    ):
        ran = ada.process(*args, python=("-X", "importtime")).ok()
        loaded = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
        assert "stackroom.client.commands.app" in loaded
        assert not loaded & set(heavy), args


class TestInteractive:
    def test_it_needs_a_terminal(self, ada: Person) -> None:
        ada.stackroom(*REGISTER, "--interactive").failed(2, "no terminal")

    def test_it_asks_for_what_is_required_first_and_again_for_what_does_not_fit(
        self, ada: Person
    ) -> None:
        args = ("alerter", "register", "a", "--flavor", "slack", "--interactive")
        with Terminal(command(*args), ada.environment()) as terminal:
            terminal.until(
                "slack_token (str), a credential: {{name.key}} refers to a secret, required: "
            )
            terminal.type("{{slack.token}}\n")
            terminal.until("default_slack_channel_id (str):")
            terminal.type("\n")
            terminal.until("slack_channel_id (str, ZenML 0.98 only):")
            terminal.type("0123\n")
            terminal.until("timeout (int, ZenML 0.98 only):")
            terminal.type("soon\n")
            terminal.until("timeout must be a whole number")
            terminal.type("5\n")
            assert terminal.ended() == 0
            assert "{{slack.token}}" not in terminal.text
        found = ada.data("component", "describe", "alerter", "a")["config"]
        assert found == {
            "slack_token": "{{slack.token}}", "slack_channel_id": "0123", "timeout": 5,
        }  # fmt: skip

    def test_an_update_does_not_ask_for_what_it_was_given(self, ada: Person) -> None:
        ada.stackroom("alerter", "register", "a", "-f", "slack", "--slack_token={{s.t}}").ok()
        args = ("alerter", "update", "a", "--timeout=4", "--interactive")
        with Terminal(command(*args), ada.environment()) as terminal:
            terminal.until("default_slack_channel_id (str):")
            terminal.type("C1\n")
            terminal.until("slack_channel_id (str, ZenML 0.98 only):")
            terminal.type("\n")
            assert terminal.ended() == 0
            assert "timeout (" not in terminal.text
        found = ada.data("component", "describe", "alerter", "a")["config"]
        assert found == {
            "slack_token": "{{s.t}}", "timeout": 4, "default_slack_channel_id": "C1",
        }  # fmt: skip

    def test_a_flavor_without_attributes_leaves_nothing_to_ask(self, ada: Person) -> None:
        args = ("orchestrator", "register", "o", "--flavor", "local", "--interactive")
        with Terminal(command(*args), ada.environment()) as terminal:
            assert terminal.ended() == 0
        assert config(ada, "o") == {}
        args = ("orchestrator", "register", "p", "--flavor", "mine", "--interactive")
        with Terminal(command(*args), ada.environment()) as terminal:
            assert terminal.ended() == 2
            assert "othing is known of the attributes" in terminal.text

    def test_it_asks_again_for_what_does_not_fit_inside_a_map(
        self, ada: Person, tmp_path: Path
    ) -> None:
        (tmp_path / "s.json").write_text(
            '{"properties": {"pod": {"type": "object", "required": ["cpu"]}}}'
        )
        ada.stackroom(
            "orchestrator", "flavor", "register", "b", "--schema", f"@{tmp_path}/s.json"
        ).ok()
        args = ("orchestrator", "register", "v", "--flavor", "b", "--interactive")
        with Terminal(command(*args), ada.environment()) as terminal:
            terminal.until("pod (dict):")
            terminal.type("{memory: 1}\n")
            terminal.until("pod.cpu is required")
            terminal.until("pod (dict):")
            terminal.type("{cpu: 2}\n")
            assert terminal.ended() == 0
        assert config(ada) == {"pod": {"cpu": 2}}
