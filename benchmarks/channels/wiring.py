"""Parley as `parley serve` builds it, with an SQLite file, but with one skill that writes what a benchmark says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.bootstrap import Parley
from bot.bootstrap.channels import running_channels
from bot.dialogue.skill_book import SkillBook
from bot.settings import load_settings
from bot.skills import Skill
from tests.support.discord_server import DiscordServer
from tests.support.telegram_server import TelegramServer


class _OneSkill(Parley):
    """Parley with that skill for everything."""

    def __init__(self, home: Path, skill: Skill, environment: dict[str, str]) -> None:
        persona = home / "persona.yaml"
        persona.write_text(f"name: bench\nskill: {skill.name}\ninstructions: none\n", encoding="utf-8")
        super().__init__(
            load_settings(env={"PARLEY_HOME": str(home), "PARLEY_DIALOGUE__PERSONA": str(persona), **environment})
        )
        self.skills = SkillBook([skill])


class Office:
    """A running Parley; `open` runs its channels until the block is left."""

    def __init__(self, home: Path, skill: Skill, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment
        self._skill = skill
        self._parley: Parley | None = None

    @asynccontextmanager
    async def open(
        self, telegram: TelegramServer, telegram_token: str, discord: DiscordServer, discord_token: str
    ) -> AsyncIterator[None]:
        environment = {
            "PARLEY_TELEGRAM__TOKEN": telegram_token,
            "PARLEY_TELEGRAM__BASE_URL": telegram.base_url,
            "PARLEY_TELEGRAM__BASE_FILE_URL": telegram.base_file_url,
            "PARLEY_DISCORD__TOKEN": discord_token,
            "PARLEY_DISCORD__API_BASE": discord.api_base,
            "PARLEY_ACCESS__PER_MINUTE": "0",
            **self._environment,
        }
        parley = self._parley = _OneSkill(self._home, self._skill, environment)
        ready = [asyncio.Event(), asyncio.Event()]
        runners = running_channels(parley)
        running = [asyncio.create_task(r.run(up.set)) for r, up in zip(runners, ready, strict=True)]
        try:
            await asyncio.gather(*(up.wait() for up in ready))
            yield
        finally:
            await parley.reception.aclose(5.0)
            for task in running:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*running, return_exceptions=True)
            await parley.aclose()

    async def settled(self, silence: float) -> None:
        """Wait until every turn is answered, and a while longer, so that what comes twice has time to come."""
        parley = self._parley
        assert parley is not None
        while await parley.store.read(lambda work: len(work.turns.unfinished())):  # noqa: ASYNC110 - storage tells no one
            await asyncio.sleep(5)
        await asyncio.sleep(silence)
