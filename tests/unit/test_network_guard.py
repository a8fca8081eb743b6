"""The guard of tests/conftest.py: this machine is open, everything else is closed."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

FAR = ("192.0.2.1", 9)  # reserved for documentation: nothing answers there


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_connecting_elsewhere_fails(method: str) -> None:
    with socket.socket() as far, pytest.raises(AssertionError, match=r"192\.0\.2\.1:9"):
        getattr(far, method)(FAR)


def test_datagrams_elsewhere_fail() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as far, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        far.sendto(b"x", FAR)


def test_looking_up_a_name_fails() -> None:
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.create_connection(("example.org", 443))


def test_this_machine_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=lambda: server.accept()[0].close())
        answering.start()
        socket.create_connection(("localhost", server.getsockname()[1])).close()
        answering.join()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="unix sockets only")
def test_unix_sockets_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a unix socket's path is at most 107 bytes long
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("s")
        server.listen()
        client.connect("s")


def test_the_environment_is_the_tests_own() -> None:
    names = {name for name in os.environ if name.startswith("PARLEY_") and not name.startswith("PARLEY_TEST_")}
    assert names <= {"PARLEY_HOME", "PARLEY_EVAL_DATA"}
