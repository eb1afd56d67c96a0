"""Each setting that is in force, and where it was said."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from stackroom.client.doctor.finding import Finding
from stackroom.events.counting import counted
from stackroom.sync.errors import BadSetting
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.tuning import tuned
from stackroom.sync.settings import Settings

Of: TypeAlias = Literal["client", "hub"]

SECRET: Final = ("STACKROOM_TOKEN", "STACKROOM_OIDC_CLIENT_SECRET")
"""Variables of which only that they are set is ever told."""

ENVIRONMENT: Final = {
    "STACKROOM_HOME": "home",
    "STACKROOM_PROFILE": "profile",
    "STACKROOM_STACK": "stack",
    "STACKROOM_USER": "user",
    "STACKROOM_OFFLINE": "offline",
    "STACKROOM_OUTPUT": "output",
    "STACKROOM_KEYRING": "keyring",
    "STACKROOM_CA_FILE": "authority",
    "STACKROOM_DEBUG": "debug",
    "STACKROOM_TOKEN": "token",
}
"""The variables that a client looks at, and what each says."""

DEFAULTS: Final = {
    "stack": "as set in the profile",
    "offline": "no",
    "output": "table",
    "keyring": "no: tokens are in credentials.json",
    "authority": "the system's",
    "debug": "no",
}


class Said(Struct, frozen=True):
    """A setting: whose it is, its value, and where that was said (flag, variable, file, or default)."""

    of: Of
    name: str
    value: Any
    source: str


def of_client(
    environment: Mapping[str, str], flags: Mapping[str, str], kept: Mapping[str, tuple[str, str]]
) -> list[Said]:
    """What is in force here. `flags` are options that were given, `kept` what the home says and where.

    A flag goes before the environment, that before what is kept, and that before the default.
    """
    said = []
    for variable, name in ENVIRONMENT.items():
        if name in flags:
            said.append(Said("client", name, flags[name], "flag"))
        elif environment.get(variable):
            value = "(set)" if variable in SECRET else environment[variable]
            said.append(Said("client", name, value, variable))
        elif name in kept:
            value, source = kept[name]
            said.append(Said("client", name, value, source))
        elif name in DEFAULTS:
            said.append(Said("client", name, DEFAULTS[name], "default"))
    return said


def of_hub(folder: HubFolder) -> tuple[list[Said], list[Finding]]:
    """Every setting of the hub that is not the default, of one that runs as it was started with."""
    serving = folder.serving() if folder.locked() else None
    if serving is not None:
        values: Mapping[str, Any] = serving.settings
        sources: Mapping[str, str] = serving.sources
        own = f"the hub runs with {counted(len(sources), 'setting')} of its own"
        found = [Finding("settings", "ok", own)]
    else:
        try:
            file = tuned(folder.path, {})
        except BadSetting as error:
            hint = error.hint or "stackroom hub limits"
            return [], [Finding("settings", "error", str(error), hint)]
        values = {name: getattr(file.settings, name) for name in file.sources}
        sources = file.sources
        found = [Finding("settings", "ok", f"hub.toml says {counted(len(sources), 'setting')}")]
    said = [Said("hub", name, _shown(values.get(name)), source) for name, source in sources.items()]
    usual = Settings()
    rest = [name for name in ("host", "port") if name not in sources]
    said += [Said("hub", name, getattr(usual, name), "default") for name in rest]
    return sorted(said, key=lambda each: each.name), found


def certificate_of(folder: HubFolder) -> Path | None:
    """The file with the certificate that a hub on the folder serves by, as its hub.toml says."""
    try:
        named = tuned(folder.path, {}).settings.tls_cert
    except BadSetting:
        return None
    path = Path(named) if named else folder.certificate
    return path if path.exists() else None


def _shown(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | frozenset) else value
