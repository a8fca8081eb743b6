"""Channels side by side: one that is refused or breaks leaves the others running."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from bot import serving
from bot.domain import Channel
from bot.errors import ChannelError, SettingsError
from bot.serving import Server, reloading_on_hangup


class Running:
    """A channel that goes on until it is cancelled; it fails with what it is given, each once, before that."""

    def __init__(self, channel: Channel, *failures: Exception) -> None:
        self.channel = channel
        self.failures = list(failures)
        self.up = asyncio.Event()
        self.closed = False

    async def run(self, ready: Callable[[], None]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        ready()
        self.up.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.closed = True


class Settling:
    """Finishing what is being answered; it takes until it is let go."""

    def __init__(self, at_once: bool = True) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        if at_once:
            self.go.set()

    async def __call__(self) -> None:
        self.begun.set()
        await self.go.wait()


async def test_a_refused_channel_is_told_and_the_other_goes_on() -> None:
    told: list[str] = []
    refused = Running(Channel.TELEGRAM, ChannelError("The token is wrong."))
    other = Running(Channel.DISCORD)
    server = Server([refused, other], told.append, Settling())
    running = asyncio.create_task(server.run())
    await other.up.wait()
    server.stop()
    assert await running == 0
    assert "telegram: The token is wrong." in told
    assert "discord: ready" in told
    assert other.closed


async def test_when_every_channel_is_refused_the_last_exit_code_is_given() -> None:
    told: list[str] = []
    refused = [Running(Channel.TELEGRAM, ChannelError("no")), Running(Channel.DISCORD, SettingsError("no"))]
    settling = Settling()
    assert await Server(refused, told.append, settling).run() in {ChannelError.exit_code, SettingsError.exit_code}
    assert sorted(told) == ["discord: no", "telegram: no"]
    assert settling.begun.is_set()  # what is being answered is handed back, not broken off


async def test_a_channel_that_breaks_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "FIRST_PAUSE", 0.0)
    told: list[str] = []
    broken = Running(Channel.TELEGRAM, RuntimeError("secret words"))
    server = Server([broken], told.append, Settling())
    running = asyncio.create_task(server.run())
    await broken.up.wait()
    server.stop()
    assert await running == 0
    assert "broke (RuntimeError)" in told[0]
    assert "secret words" not in "".join(told)


async def test_what_is_being_answered_is_finished_before_the_channels_close() -> None:
    settling, channel = Settling(at_once=False), Running(Channel.TELEGRAM)
    server = Server([channel], print, settling)
    running = asyncio.create_task(server.run())
    await channel.up.wait()
    server.stop()
    await settling.begun.wait()
    assert not channel.closed
    settling.go.set()
    assert await running == 0
    assert channel.closed


async def test_a_second_signal_ends_at_once() -> None:
    settling, channel = Settling(at_once=False), Running(Channel.TELEGRAM)
    server = Server([channel], print, settling)
    running = asyncio.create_task(server.run())
    await channel.up.wait()
    server.stop()
    await settling.begun.wait()
    server.stop()
    assert await running == 0
    assert channel.closed


async def test_a_third_signal_does_not_wait_for_a_thread() -> None:
    busy = """
import asyncio, time
from bot.serving import until_signal
async def work():
    print("up", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.to_thread(time.sleep, 60)
async def run():
    await until_signal(work(), lambda _: print("stopping", flush=True))
asyncio.run(run())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", busy, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        for said in (b"up\n", b"stopping\n"):
            assert await process.stdout.readline() == said
            process.send_signal(signal.SIGTERM)
        while process.returncode is None:
            await asyncio.sleep(0.2)
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        assert await process.wait() == -signal.SIGTERM


async def test_a_hangup_reloads_and_tells_what_came_of_it() -> None:
    outcomes: list[list[str] | Exception] = [
        ["generate: two from now on"],
        SettingsError("models.generator is wrong"),
        ValueError("odd"),
    ]
    told: asyncio.Queue[str] = asyncio.Queue()

    async def reload() -> list[str]:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with reloading_on_hangup(reload, told.put_nowait):
        said = []
        for _ in range(3):
            signal.raise_signal(signal.SIGHUP)
            said.append(await told.get())
    assert said == [
        "generate: two from now on",
        "Nothing was changed: models.generator is wrong",
        "Reloading broke (ValueError); see the log.",
    ]
