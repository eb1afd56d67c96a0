"""What `hub up` and `hub serve` take: where to listen, by which certificate and names, and limits."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from stackroom.sync.hosting.tuning import Tuned

F = TypeVar("F", bound=Callable[..., Any])


def _default_data() -> Path:
    from stackroom.client.home.home import Home

    return Home.default().path / "hub"


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=_default_data,
    show_default="STACKROOM_HOME/hub",
    metavar="DIR",
    help="The folder of the hub.",
)

_LISTENING = (
    click.option(
        "--host",
        metavar="ADDRESS",
        show_default="127.0.0.1",
        help="The address to listen at; others reach it by TLS alone.",
    ),
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        show_default="8765",
        help="The port to listen at; 0 for a free one.",
    ),
    click.option(
        "--tls-cert",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The certificate and those that lead to its authority (PEM).",
    ),
    click.option(
        "--tls-key",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Its private key (PEM).",
    ),
    click.option(
        "--insecure", is_flag=True, help="Let other machines connect without TLS, tokens readable."
    ),
    click.option(
        "--host-name",
        "allowed_hosts",
        multiple=True,
        metavar="NAME",
        help="A name by which the hub is called; may be repeated.",
    ),
    click.option(
        "--allow-origin",
        "allowed_origins",
        multiple=True,
        metavar="ORIGIN",
        help="A site whose pages may connect; may be repeated.",
    ),
    click.option(
        "--trust-proxy",
        "trusted_proxies",
        multiple=True,
        metavar="ADDRESS",
        help="A proxy that is believed about whom it speaks for; may be repeated.",
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="NAME=VALUE",
        help="A limit (stackroom hub limits); may be repeated.",
    ),
)


def listening_options(function: F) -> F:
    """Gives a command all of them; `tuned_by` makes settings of what it is given."""
    for option in reversed(_LISTENING):
        function = option(function)
    return function


def tuned_by(data: Path, sets: tuple[str, ...], said: dict[str, Any]) -> "Tuned":
    """The settings of the hub on `data`: its hub.toml, then the options. Raises BadSetting."""
    from stackroom.sync.hosting.tuning import tuned

    paths = {k: str(v.absolute()) for k, v in said.items() if isinstance(v, Path)}
    return tuned(data, said | paths, sets)
