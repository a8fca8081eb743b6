"""`parley serve` as the chaos has it: the real channels, delivery and storage, and a dialogue that needs no model.

    python -m tests.chaos.serve_process CONFIG.json     # until SIGTERM; the exit code is that of the server
    python -m tests.chaos.serve_process                 # a nursery: each line of its input names a CONFIG.json

The nursery loads the libraries once and forks a process for each line, so that a start takes as long as Parley takes to
open, and not as long as Python takes to import. It answers `PID started`, and each process tells `PID WORDS`.
CONFIG.json has `environment` (Parley's settings as variables), `log` (a file), `quick` (no waiting for the platforms'
published limits), `pause` (seconds between two pieces of an answer that is written) and `clock` (a file of
`tests.chaos.clock`).
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.bootstrap import Parley
from bot.bootstrap.channels import running_channels
from bot.delivery.ports import Pace
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.serving import Server, stopping_on_signals
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
    """As `bot.cli.serve` does it. Gives the exit code."""
    parley = ScriptedParley(config["environment"], config["pause"])
    try:
        runners = running_channels(parley, tell=_tell)
        if config["quick"]:
            for runner in runners:
                runner.pace = QUICK  # type: ignore[attr-defined]  # both channels have it, and read it when they open
        assert parley.store  # opened, and brought to this version, before anything comes in
        server = Server(runners, _tell, parley.reception.aclose)
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
    try:
        return asyncio.run(serve(config))
    except Exception:
        logging.exception("ended by an error")
        _tell("ended by an error; see the log")
        return 1


def _tell(words: str) -> None:
    # One write: several processes share the pipe, and a short write is not torn.
    os.write(1, f"{os.getpid()} {words}\n".encode())


def load_channels() -> None:
    """Load what the channels bring with them, which Parley does when it opens them."""
    import bot.channels.discord.adapter
    import bot.channels.telegram.adapter
    import bot.channels.telegram.webhook  # noqa: F401


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
