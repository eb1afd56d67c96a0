"""Run by the Python of ZenML's own environment: does what lines of JSON on stdin ask for, one by one.

ZenML takes seconds to import, so one process does it all. It calls the very functions behind `zenml stack
import` and `zenml stack export`.
"""

import json
import sys
from pathlib import Path

from click.testing import CliRunner
from zenml.cli.cli import cli
from zenml.client import Client


def invoke(*args: str) -> str:
    result = CliRunner().invoke(cli, list(args), input="")
    if result.exit_code != 0:
        raise RuntimeError(f"{result.output[-2000:]} {result.exception!r}")
    return result.output


def export(name: str) -> str:
    """What `zenml stack export` writes."""
    with CliRunner().isolated_filesystem():
        invoke("stack", "export", name, "out.yaml")
        return Path("out.yaml").read_text()


def import_(name: str, text: str) -> str:
    """Has ZenML import a file; what it exports then."""
    with CliRunner().isolated_filesystem():
        Path("in.yaml").write_text(text)
        invoke("stack", "import", name, "-f", "in.yaml", "--ignore-version-mismatch")
        return export(name)


def secret(name: str, values: dict[str, str]) -> None:
    Client().create_secret(name, values)


def wipe() -> None:
    """Deletes every stack and component but the default ones."""
    client = Client()
    for stack in client.list_stacks(size=1000):
        if stack.name != "default":
            client.delete_stack(stack.id)
    for component in client.list_stack_components(size=1000):
        if component.name != "default":
            client.delete_stack_component(component.id, component.type)


def register(type: str, name: str, flavor: str, config: dict, labels: dict | None = None) -> None:
    Client().create_stack_component(name, flavor, type, config, labels=labels)


def update(type: str, name: str, config: dict) -> None:
    Client().update_stack_component(name, type, configuration=config)


def stack(name: str, components: dict) -> None:
    Client().create_stack(name, components)


def flavor(source: str, type: str) -> None:
    Client().create_flavor(source, type)


VERBS = {
    "flavor": flavor,
    "export": export,
    "import": import_,
    "secret": secret,
    "wipe": wipe,
    "register": register,
    "update": update,
    "stack": stack,
}

if __name__ == "__main__":
    answers = sys.stdout
    sys.stdout = sys.stderr
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"answer": VERBS[asked["verb"]](*asked["args"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
