"""`parley serve` and `parley worker` as the chaos has them: the real channels, delivery, queue and storage, and a
dialogue that needs no model.

    python -m tests.chaos.serve_process CONFIG.json     # until SIGTERM; the exit code is that of the server
    python -m tests.chaos.serve_process                 # a nursery: each line of its input names a CONFIG.json

The nursery loads the libraries once and forks a process for each line, so that a start takes as long as Parley takes to
open, and not as long as Python takes to import. It answers `PID started`, and each process tells `PID WORDS`.

CONFIG.json has `role` (`serve` or `worker`), `environment` (Parley's settings as variables), `log` (a file), `quick`
(no waiting for the platforms' published limits), `pause` (seconds between two pieces of an answer that is written) and
`clock` (a file of `tests.chaos.clock`). With `die_at`, a point of `bot.faults` and a number, it kills itself when it
passes that point the n-th time.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from bot import faults
from bot.bootstrap import Parley
from bot.bootstrap.channels import running_channels
from bot.delivery.ports import Pace
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.serving import Server, stopping_on_signals, until_signal
from bot.settings import load_settings
from bot.skills import SkillMatch, SkillRequest, Toolbox
from tests.chaos import script
from tests.chaos.clock import Clock, install
from tests.support.doubles import EmptyKnowledge, NoModels

QUICK = Pace(chat=(1000, 1.0), overall=(1000, 1.0), burst=100, edit_every=0.1, draft_every=0.1)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class ScriptedSkill:
    """Takes every text, and answers as the script says; a longer answer comes piece by piece."""

    name = "answer"
    commands = ("answer",)

    def __init__(self, pause: float) -> None:
        self._pause = pause

    def describe(self, language: str, texts: Texts) -> str:
        return "/answer TEXT"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        asked = script.QUESTION.search(request.text)
        pieces = script.pieces(int(asked[1])) if asked else [f"You said: {request.text}"]
        for piece in pieces:
            yield TextDelta(piece)
            if len(pieces) > 1:
                await asyncio.sleep(self._pause)
        yield Completed(Reply("".join(pieces), self.name, Outcome.CURATED, request.language))


class ScriptedParley(Parley):
    """Parley, but for the dialogue's skill, the knowledge base and the models."""

    def __init__(self, environment: dict[str, str], pause: float) -> None:
        super().__init__(load_settings(env=environment))
        self.skills = SkillBook([ScriptedSkill(pause)])

    @cached_property
    def tools(self) -> Toolbox:
        return Toolbox(
            EmptyKnowledge(),
            self.languages,
            NoModels(),
            self.texts,
            people=self.people,
            library=self.library,
            personas=self.personas,
            skills=tuple(self.skills),
        )


async def serve(config: dict[str, Any]) -> int:
    """As `bot.cli.serve` and `bot.cli.worker` do it. Gives the exit code."""
    parley = ScriptedParley(config["environment"], config["pause"])
    try:
        assert parley.store  # opened, and brought to this version, before anything comes in
        if config["role"] == "worker":
            _tell("worker: ready")
            await until_signal(parley.processes.work(), _tell)
            return 0
        runners = running_channels(parley, tell=_tell)
        if config["quick"]:
            for runner in runners:
                runner.pace = QUICK  # type: ignore[attr-defined]  # both channels have it, and read it when they open
        led = [parley.processes.led(runner, _tell) for runner in runners]
        server = Server(led, _tell, lambda: parley.reception.aclose(parley.settings.turns.stop_seconds))
        async with parley.processes.opened():
            with stopping_on_signals(server):
                return await server.run()
    finally:
        await parley.aclose()


def run(path: Path) -> int:
    """Serve until SIGTERM."""
    config = json.loads(path.read_text())
    logging.basicConfig(
        filename=config["log"], level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"
    )
    for name in ("httpx", "httpcore", "discord", "telegram", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    load_channels()
    install(Clock(Path(config["clock"])))
    if config.get("die_at"):
        faults.arm(_killer(*config["die_at"]))
    try:
        return asyncio.run(serve(config))
    except Exception:
        logging.exception("ended by an error")
        _tell("ended by an error; see the log")
        return 1


def _killer(point: str, times: int) -> Callable[[str], None]:
    """A switch that kills this process when the point is reached so often."""
    left = times

    def switch(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if left <= 0:
            _tell(f"dies at {point}")
            os.kill(os.getpid(), signal.SIGKILL)

    return switch


def _tell(words: str) -> None:
    # One write: several processes share the pipe, and a short write is not torn.
    os.write(1, f"{os.getpid()} {words}\n".encode())


def load_channels() -> None:
    """Load what the channels bring with them, which Parley does when it opens them."""
    import bot.channels.discord.adapter
    import bot.channels.telegram.adapter
    import bot.channels.telegram.webhook
    import bot.queueing.queue
    import bot.queueing.worker  # noqa: F401


def nursery() -> None:
    """Fork a process for each line of the input, until it ends; all die with it."""
    load_channels()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        born = os.fork()
        if born == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
            os.close(0)
            os._exit(run(Path(line.strip())))
        os.write(1, f"{born} started\n".encode())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(run(Path(sys.argv[1])))
    nursery()
