"""What every test stands on: no network beyond this machine, no settings of the person's own."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import _postgres_template, blank_postgres_url, postgres, postgres_url

__all__ = ["_postgres_template", "blank_postgres_url", "postgres", "postgres_url"]  # fixtures for all tests

_COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("here", max_examples=60, **_COMMON)
settings.register_profile("ci", max_examples=60, derandomize=True, **_COMMON)
settings.load_profile("ci" if os.environ.get("CI") else "here")


class NetworkUsed(AssertionError):  # noqa: N818 - reads as a sentence where it is raised
    """A test reached for the network; it must bring a fake or a local server."""


def _is_local(host: object) -> bool:
    if host is None or host in ("", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _check(family: int, address: Any) -> None:
    internet = family in (socket.AF_INET, socket.AF_INET6)
    if internet and not _is_local(address[0]):
        raise NetworkUsed(f"A test tried to connect to {address[0]}:{address[1]}.")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            _check(self.family, address)
            return original(self, address)

        return connect

    def sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _check(self.family, rest[-1])
        return original_sendto(self, data, *rest)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise NetworkUsed(f"A test tried to look up {host}.")
        return original_getaddrinfo(host, *args, **kwargs)

    original_sendto = socket.socket.sendto
    original_getaddrinfo = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket.socket, "sendto", sendto)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in list(os.environ):
        kept = name.upper().startswith(("PARLEY_TEST_", "PARLEY_EVAL_DATA"))
        if name.upper().startswith("PARLEY_") and not kept:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path_factory.getbasetemp() / "parley-home"))
    # Whatever reaches for a model hub fails at once, instead of at the network guard.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, which PARLEY_HOME names."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("PARLEY_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bot.storage import migrate  # loads SQLAlchemy, which most tests do without

    path = tmp_path_factory.mktemp("template") / "parley.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(_migrated_file: Path, tmp_path: Path) -> str:
    """The URL of an SQLite database of the test's own, empty and at the newest revision."""
    path = tmp_path / "a folder" / "parley.db"
    path.parent.mkdir()
    shutil.copyfile(_migrated_file, path)
    return f"sqlite:///{path}"
