"""Many hours of talk in compressed time, in one process: how late the event loop is, and whether memory grows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import linear_regression
from typing import Any

from benchmarks.channels.load import DISCORD_TOKEN, lag
from bot.bootstrap.channels import running_channels
from tests.chaos.script import question
from tests.chaos.serve_process import ScriptedParley
from tests.support.compressed import CompressedLoop, run_compressed
from tests.support.discord_server import DiscordServer
from tests.support.telegram_server import TOKEN, TelegramServer

Seen = list[tuple[float, float]]  # hours, and megabytes in memory

PEOPLE = 20
PAUSE = 0.1  # seconds between two pieces of an answer that is written
EVERY = 600.0  # seconds between two questions of one person, on average
LOOK_EVERY = 1800.0
WARM_HOURS = 2.0  # before memory is looked at


def measure(folder: Path, hours: float, speed: float) -> dict[str, Any]:
    """Half of the people are on Discord. Memory is that of all: the fake servers forget what was said, too."""
    return run_compressed(_talk(folder, hours, speed), speed)


async def _talk(folder: Path, hours: float, speed: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CompressedLoop)
    lags: list[float] = []
    seen: Seen = []
    numbers = count(1)
    async with TelegramServer() as telegram, DiscordServer(DISCORD_TOKEN, rate_limits=False) as discord:
        environment = {
            "PARLEY_HOME": str(folder),
            "PARLEY_TELEGRAM__TOKEN": TOKEN,
            "PARLEY_TELEGRAM__BASE_URL": telegram.base_url,
            "PARLEY_DISCORD__TOKEN": DISCORD_TOKEN,
            "PARLEY_DISCORD__API_BASE": discord.api_base,
            "PARLEY_ACCESS__PER_MINUTE": "0",
        }
        async with _open(environment) as parley:
            people = [telegram.person(f"T{n}") for n in range(PEOPLE // 2)]
            others = [discord.person(f"D{n}") for n in range(PEOPLE // 2)]
            began = loop.time()
            watching = asyncio.create_task(lag(loop, lags))
            looking = asyncio.create_task(_look(loop, telegram, discord, seen, began))

            async def asks(say: Any, seed: int) -> None:
                draw = random.Random(seed)
                while loop.time() - began < hours * 3600:
                    await asyncio.sleep(draw.expovariate(1 / EVERY))
                    await say(question(next(numbers)))

            said = [lambda text, p=p: p.private_chat().says(p, text) for p in people]
            said += [lambda text, p=p: p.dm().says(p, text) for p in others]
            await asyncio.gather(*(asks(say, seed) for seed, say in enumerate(said)))
            while await parley.store.read(lambda work: len(work.turns.unfinished())):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(5.0)
            for task in (watching, looking):
                task.cancel()
    ordered = sorted(lags)
    late = [(at, size) for at, size in seen if at > WARM_HOURS] or seen
    slope = linear_regression(*zip(*late, strict=True)).slope if len(late) > 1 else 0.0
    return {
        "hours": hours,
        "speed": speed,
        "turns": next(numbers) - 1,
        "loop_lag_ms": {
            name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
        "megabytes": {"after_warming": round(late[0][1], 1), "at_the_end": round(late[-1][1], 1)},
        "megabytes_an_hour": round(slope, 3),
    }


@asynccontextmanager
async def _open(environment: dict[str, str]) -> AsyncIterator[ScriptedParley]:
    """Both channels, until the block is left."""
    parley = ScriptedParley(environment, PAUSE)
    runners = running_channels(parley)
    ready = [asyncio.Event() for _ in runners]
    running = [asyncio.create_task(r.run(up.set)) for r, up in zip(runners, ready, strict=True)]
    try:
        await asyncio.gather(*(up.wait() for up in ready))
        yield parley
    finally:
        await parley.reception.aclose(5.0)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await parley.aclose()


async def _look(
    loop: CompressedLoop,
    telegram: TelegramServer,
    discord: DiscordServer,
    seen: list[tuple[float, float]],
    began: float,
) -> None:
    """Note hours and megabytes; and let the fake servers forget, or theirs would be what grows."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        telegram.world.calls.clear()
        telegram.world.sent.clear()
        discord.front.calls.clear()
        for chat in telegram.world.chats.values():
            for number in list(chat.messages)[:-10]:
                del chat.messages[number]
        for channel in discord.world.channels.values():
            del channel.messages[:-10]
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        seen.append(((loop.time() - began) / 3600, pages * 4096 / 1e6))
