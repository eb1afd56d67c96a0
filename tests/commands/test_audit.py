"""`stackroom audit`: verify, export, prove and check, with a hub, a replica and its files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.audit.test_exported import independently
from tests.commands.hubs import Hub
from tests.commands.runner import Person


def test_verify(team: Hub, ada: Person) -> None:
    said = ada.stackroom("audit", "verify").ok()
    assert "holds" in said.out
    (row,) = ada.data("audit", "verify", "team")
    assert (row["name"], row["seq"], row["fault"]) == ("team", 2, None)
    assert row["root"] == ada.data("profile", "describe")["root"]
