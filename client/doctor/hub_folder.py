"""Gathers what the checks of a hub's folder need, and runs them all; the hub may run meanwhile."""

import shutil
from pathlib import Path
from typing import Final

from msgspec import structs

from stackroom.client.doctor import files, leftovers, proofs, room
from stackroom.client.doctor.configuration import Said, certificate_of, of_hub
from stackroom.client.doctor.finding import Finding, Level
from stackroom.client.doctor.limits import CERTIFICATE_ENDS
from stackroom.events.counting import counted
from stackroom.events.errors import LogError
from stackroom.events.model import Millis
from stackroom.events.sqlite.log import open_reader
from stackroom.events.sqlite.schema import APPLICATION_ID, steps
from stackroom.sync.checkpoints import hub_key
from stackroom.sync.checkpoints.hub_key import KEY_FACT
from stackroom.sync.errors import BadHubKey
from stackroom.sync.hosting import probe
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.restoring import decided

MEND: Final = "stackroom hub restore FILE, then stackroom hub heal"


def examine(
    folder: HubFolder, *, own: str, now: Millis, full: bool
) -> tuple[list[Finding], list[Said]]:
    """Everything that is to be said of a hub's folder, and its settings; nothing is changed."""
    if not folder.log.exists():
        said = f"there is no hub in {folder.path}"
        return [Finding("hub", "note", said, "stackroom hub up")], []
    log = look(folder)
    repair = f"stackroom doctor --repair --data {folder.path}"
    found = files.whole("hub log", log, MEND) + files.short_log(log)
    found += files.private("hub", files.open_to_others(private_files(folder)))
    found += room.room("hub", shutil.disk_usage(folder.path).free, log.bytes if log else 0)
    left = leftovers.leftovers(folder.path, leftovers.OF_A_HUB)
    found += [_of_the_hub(f, repair) for f in leftovers.left("hub's folder", left)]
    if decided(folder):
        said = "a restore was begun and not ended: the hub's next start ends it"
        found.append(Finding("restore", "warning", said, repair))
    found += _serving(folder, own)
    if log is not None and not log.faults and not log.refusal:
        try:
            found += proofs.proofs(folder.log, MEND, full=full)
        except LogError as error:
            found.append(Finding("proofs", "note", str(error), error.hint))
        found += _key(folder)
    configuration, settings = of_hub(folder)
    return [*found, *settings, *_certificate(folder, now)], configuration


def look(folder: HubFolder) -> files.Looked | None:
    """hub.db."""
    return files.look(folder.log, APPLICATION_ID, len(steps("", "log")))


def private_files(folder: HubFolder) -> list[Path]:
    """What only the hub's user may read: the folder, its logs, and all copies of them."""
    kept = [p for p in folder.path.iterdir() if p.is_file() and p.name not in PUBLIC]
    return [folder.path, *sorted(kept)]


PUBLIC: Final = frozenset({"hub.toml", "tls.crt", "hub.lock", "hub.log"})
"""What others may read: in a folder that they may not enter."""


def _serving(folder: HubFolder, own: str) -> list[Finding]:
    serving = folder.serving()
    if not folder.locked():
        return [Finding("hub", "note", f"no hub runs on {folder.path}", "stackroom hub up")]
    if serving is None or probe.get(serving, "/readyz") is None:
        said = f"a process has {folder.path}, and is not ready to take changes"
        return [Finding("hub", "warning", said, "stackroom hub logs")]
    if serving.version != own:
        said = f"the hub that runs is stackroom {serving.version}, and {own} is installed"
        again = "stackroom hub down, then stackroom hub up"
        return [Finding("hub", "note", said, again, {"serving": serving.version, "own": own})]
    return [Finding("hub", "ok", f"the hub runs at {serving.url}")]


def _key(folder: HubFolder) -> list[Finding]:
    """Whether the hub has the key by which its log says that it signs."""
    with open_reader(folder.log) as log:
        known, hub = log.facts(KEY_FACT).get("public"), log.identity().id
    lost = f"put it back from a backup, or: stackroom hub rotate-key --lost --data {folder.path}"
    try:
        key = hub_key.read(folder)
    except BadHubKey as error:
        return [Finding("key", "error", str(error), lost)]
    if key is None:
        if known is None:
            return [Finding("key", "note", "the hub has no key yet", "stackroom hub up")]
        said = "hub.key is not there, and the hub does not start without it"
        return [Finding("key", "error", said, lost)]
    if key.hub != hub or known not in (None, key.signing.public):
        said = "hub.key is not the key by which this hub has signed last"
        return [Finding("key", "error", said, lost)]
    return [Finding("key", "ok", "the hub has the key by which it signs")]


def _certificate(folder: HubFolder, now: Millis) -> list[Finding]:
    from cryptography import x509

    path = certificate_of(folder)
    if path is None:
        return []
    try:
        (first, *_) = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        said = f"{path.name} is no certificate: {error}"
        return [Finding("certificate", "error", said, "stackroom hub init --tls self-signed")]
    left = int(first.not_valid_after_utc.timestamp() * 1_000) - now
    days = left // 86_400_000
    facts = {"days": days}
    if left < 0:
        said = "the hub's certificate has ended"
        return [Finding("certificate", "error", said, "stackroom hub init --replace", facts)]
    level: Level = "warning" if left < CERTIFICATE_ENDS else "ok"
    said = f"the hub's certificate is good for {counted(days, 'day')}"
    mend = "stackroom hub init --replace" if left < CERTIFICATE_ENDS else ""
    return [Finding("certificate", level, said, mend, facts)]


def _of_the_hub(finding: Finding, command: str) -> Finding:
    return structs.replace(finding, command=command)
