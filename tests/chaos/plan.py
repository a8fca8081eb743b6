"""What a run is to do, and where it runs."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.chaos import script
from tests.chaos.clock import Clock
from tests.chaos.stage import DISCORD_TOKEN
from tests.support.discord_server import DiscordServer
from tests.support.telegram_server import TOKEN, TelegramServer

_DOUBTED = text("SELECT text FROM turns WHERE id IN (SELECT turn_id FROM parts WHERE doubt <> '')")

_TURNS = text(
    "SELECT id, conversation_id, state, delivery, attempts, excused, message_id, origin FROM turns "
    "WHERE text LIKE :text"
)
_PARTS = text("SELECT * FROM parts WHERE turn_id = :turn ORDER BY position")


@dataclass(frozen=True, slots=True)
class Plan:
    """So many turns of so many people, with so many kills in between.

    `seed` draws everything but the instants, which are the machine's. `limits`: the platforms' published limits hold.
    `patience`: how long answers may take, in seconds, after the last fault is over.
    """

    turns: int
    people: int
    kills: int
    seed: int
    limits: bool = False
    patience: float = 60.0
    pause: float = 0.02  # seconds between two pieces of an answer
    ask_every: float = 1.0  # seconds between two questions in one place, on average
    waiting: int = 120  # questions without an answer, of all people together
    serves: int = 1  # processes that take in and deliver; one of them at a time leads each channel
    workers: int = 0  # processes that answer; 0: those that serve do it


@dataclass(slots=True)
class Database:
    """Where turns are kept. `restart` and `cut` are None where there is no server to be restarted."""

    name: str
    url: str = ""  # empty: an SQLite file
    restart: Callable[[], None] | None = None
    cut: Callable[[], None] | None = None


@dataclass
class Site:
    """The folder, the settings and the clock of the processes of one run."""

    folder: Path
    plan: Plan
    database: Database
    telegram: TelegramServer
    discord: DiscordServer
    webhook_port: int = field(default_factory=lambda: _free_port())

    def __post_init__(self) -> None:
        self.clock = Clock(self.folder / "clock")
        self._numbers = count(1)

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def doubted(self) -> set[int]:
        """The questions of which Parley's own rows say that a part was sent again, or left, in doubt."""
        with self._connected() as connection:
            texts = connection.execute(_DOUBTED).scalars().all()
        return {int(found[1]) for text in texts if (found := script.QUESTION.search(text))}

    def rows_of(self, number: int) -> list[str]:
        """What Parley's rows say of a question, for whoever looks for the fault. People's words are not in them."""
        with self._connected() as connection:
            turns = connection.execute(_TURNS, {"text": f"%question {number}, please"}).all()
            parts = [row for turn in turns for row in connection.execute(_PARTS, {"turn": turn[0]})]
        return [f"  turn {' '.join(map(str, row))}" for row in turns] + [
            f"  part {' '.join(map(str, p))}" for p in parts
        ]

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(self.database.url or f"sqlite:///{self.folder / 'home' / 'parley.db'}")
        # Several processes may hold all connections that the server gives.
        patient = Retrying(
            retry=retry_if_exception_type(OperationalError),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(60),
            reraise=True,
        )
        try:
            with patient(engine.connect) as connection:
                yield connection
        finally:
            engine.dispose()

    def config(self, role: str = "serve", webhook: bool = False, die_at: tuple[str, int] | None = None) -> Path:
        """A file for `serve_process`. `die_at`: it kills itself when it passes that point the n-th time."""
        environment = {
            "PARLEY_HOME": str(self.folder / "home"),
            "PARLEY_DATABASE_URL": self.database.url,
            "PARLEY_TELEGRAM__TOKEN": TOKEN,
            "PARLEY_TELEGRAM__BASE_URL": self.telegram.base_url,
            "PARLEY_TELEGRAM__BASE_FILE_URL": self.telegram.base_file_url,
            "PARLEY_DISCORD__TOKEN": DISCORD_TOKEN,
            "PARLEY_DISCORD__API_BASE": self.discord.api_base,
            "PARLEY_ACCESS__PER_MINUTE": "0",
            "PARLEY_TURNS__ATTEMPTS": "50",  # a turn may see more kills here than an operator would bear
        }
        if self.plan.workers:
            environment["PARLEY_TURNS__ANSWERED_BY"] = "workers"
        if webhook:
            environment |= {
                "PARLEY_TELEGRAM__WEBHOOK__URL": f"http://127.0.0.1:{self.webhook_port}",
                "PARLEY_TELEGRAM__WEBHOOK__PORT": str(self.webhook_port),
                "PARLEY_TELEGRAM__WEBHOOK__SECRET": "a-secret-of-the-chaos",
            }
        found = {
            "role": role,
            "environment": environment,
            "log": str(self.log),
            "clock": str(self.folder / "clock"),
            "quick": not self.plan.limits,
            "pause": self.plan.pause,
            "die_at": die_at,
        }
        path = self.folder / f"config-{next(self._numbers)}.json"
        path.write_text(json.dumps(found))
        return path


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
