"""Two hundred conversations at once, ten minutes of talk in compressed time: is anything lost, doubled, cut or refused?

    python -m benchmarks.channels.load [--conversations 200] [--minutes 10] [--speed 3]

The real python-telegram-bot and discord.py talk to servers on loopback that refuse by the platforms' flood limits. Half
of the conversations are private chats in Telegram, a fifth groups of two people there, the rest Discord. People ask
without waiting for answers; a marked answer of up to 6,000 characters is streamed to each question at 360 characters a
second. With 200 conversations or more, the first questions come within one second and get the longest answer, so that
all conversations are streaming at once. All runs in one process on one event loop, servers and people included. Times
are the platforms' seconds; the loop's lag is in real milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.channels.checker import Finding
from benchmarks.channels.wiring import Office
from benchmarks.channels.writer import LONG_AT_FIRST, WriterSkill
from benchmarks.results import save
from tests.support.compressed import CompressedLoop, run_compressed
from tests.support.discord_server import DiscordServer
from tests.support.telegram_server import TOKEN, TelegramServer

DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB"
SILENCE = 30.0  # seconds without any turn under way before all counts as answered

Say = Callable[[str], Awaitable[object]]


class Talk:
    """Everyone's talking: each conversation asks at its own times; questions are numbered through."""

    def __init__(self, minutes: float, first: int = 1) -> None:
        self._seconds = minutes * 60
        self._first = first
        self.asked_at: dict[int, float] = {}

    async def go_on(self, say: Say, seed: int) -> None:
        draw, loop = random.Random(seed), asyncio.get_running_loop()
        end = loop.time() + self._seconds
        await asyncio.sleep(draw.uniform(0, 1))  # all at once, to begin with
        while loop.time() < end:
            number = len(self.asked_at) + self._first
            self.asked_at[number] = loop.time()
            await say(f"question {number} of many")
            await asyncio.sleep(draw.uniform(1, 6) if draw.random() < 0.1 else draw.uniform(40, 90))


async def lag(loop: CompressedLoop, found: list[float]) -> None:
    """The loop's lateness in real milliseconds, looked at twenty times a real second."""
    pause = 0.05 * loop.speed
    while True:
        before = loop.time()
        await asyncio.sleep(pause)
        found.append((loop.time() - before - pause) / loop.speed * 1000)


async def run(conversations: int, minutes: float, environment: Mapping[str, str]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CompressedLoop)
    first_number = 1 if conversations >= LONG_AT_FIRST else LONG_AT_FIRST + 1
    skill, talk, lags, finding = WriterSkill(), Talk(minutes, first_number), [0.0], Finding()
    groups, discords = conversations // 5, conversations * 3 // 10
    with tempfile.TemporaryDirectory() as folder:
        async with TelegramServer(flood_limits=True) as telegram, DiscordServer(DISCORD_TOKEN) as discord:
            office = Office(Path(folder), skill, environment)
            async with office.open(telegram, TOKEN, discord, DISCORD_TOKEN):
                says = [
                    *(_private(telegram, n) for n in range(conversations - groups - discords)),
                    *(_group(telegram, n) for n in range(groups)),
                    *_discord(discord, discords),
                ]
                watching = asyncio.create_task(lag(loop, lags))
                began = loop.time()
                await asyncio.gather(*(talk.go_on(say, seed) for seed, say in enumerate(says)))
                await office.settled(SILENCE)
                watching.cancel()
                took = loop.time() - began
            for record in telegram.record():
                finding.add([sent.text for sent in record.sent], [s.text for s in record.shown if s.author == "Parley"])
            for shown in discord.transcripts().values():
                finding.add(
                    [s.text for s in shown if s.author != "Parley"], [s.text for s in shown if s.author == "Parley"]
                )
            first, whole = _waits(telegram, talk)
            return {
                "conversations": conversations,
                "simulated_minutes": round(took / 60, 1),
                "speed": loop.speed,
                "asked": finding.asked,
                "most_streaming_at_once": skill.most_at_once,
                "lost": finding.lost,
                "doubled": finding.doubled,
                "cut": finding.cut,
                "out_of_order": finding.out_of_order,
                "strange_messages": finding.strange,
                "examples": finding.examples[:5],
                "refused_429": {
                    "telegram": _by_method(telegram.refused),
                    "discord": _by_method(discord.given_429),
                    "of_calls": len(telegram.calls()) + len(discord.calls()),
                },
                "telegram_seconds_to_first_sight": _quantiles(first),
                "telegram_seconds_to_whole_answer": _quantiles(whole),
                "loop_lag_ms": _quantiles(lags),
            }


def _private(server: TelegramServer, number: int) -> Say:
    person = server.person(f"P{number}")
    chat = person.private_chat()
    return lambda text: chat.says(person, text)


def _group(server: TelegramServer, number: int) -> Say:
    people = [server.person(f"A{number}"), server.person(f"B{number}")]
    group = server.supergroup(f"G{number}", *people)
    draw = random.Random(number)
    return lambda text: group.says(draw.choice(people), f"@parley_bot {text}")


def _discord(server: DiscordServer, count: int) -> list[Say]:
    guild = server.guild("Shop")

    def say(number: int) -> Say:
        person = server.person(f"D{number}")
        guild.joins(person)
        channel = guild.text_channel(f"c{number}") if number % 2 else person.dm()
        mention = f"{server.bot.mention} " if number % 2 else ""
        return lambda text: channel.says(person, mention + text)

    return [say(number) for number in range(count)]


def _waits(server: TelegramServer, talk: Talk) -> tuple[list[float], list[float]]:
    """Seconds from each question to the first call that shows something of its answer, and to the one that ends it."""
    first: dict[int, float] = {}
    whole: dict[int, float] = {}
    for call in server.calls():
        text = str(call.params.get("text", "")) if call.error is None else ""
        for kind, number in re.findall(r"\b(begin|end)-(\d+)\.", text):
            (first if kind == "begin" else whole).setdefault(int(number), call.at)
    asked = talk.asked_at
    return [at - asked[n] for n, at in first.items()], [at - asked[n] for n, at in whole.items()]


def _by_method(counts: Any) -> dict[str, int]:
    summed: dict[str, int] = {}
    for (method, _), count in counts.items():
        summed[method] = summed.get(method, 0) + count
    return summed


def _quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
    }


def _embedder(models: Path) -> dict[str, str]:
    """The channels want a knowledge base to search, for inline mode."""
    return {"PARLEY_MODELS__EMBEDDER": str((models / "all-minilm-l6-v2").resolve())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--speed", type=float, default=3.0)
    parser.add_argument("--models", type=Path, default=Path(".parley/models"))
    arguments = parser.parse_args()
    result = run_compressed(
        run(arguments.conversations, arguments.minutes, _embedder(arguments.models)), arguments.speed
    )
    for name, value in result.items():
        print(f"{name}: {value}")
    save("channels-load", result)


if __name__ == "__main__":
    main()
