"""`parley serve` and `parley worker` as processes that are killed, and stopped, while they answer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.queueing.ping import answers
from bot.queueing.remote import QUEUE
from bot.storage.engine import plain_url
from tests.integration.conftest import ROOT, Parley
from tests.integration.test_cli_serve import PATIENCE, Serving, telegram
from tests.support.steady import install, words
from tests.support.telegram_server import Place, TelegramServer


class Machine:
    """Starts commands that find the steady skill."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        install(folder)
        self._environment = {**environment, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}

    @asynccontextmanager
    async def runs(self, *command: str) -> AsyncIterator[Serving]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *command),
            env={**os.environ, **self._environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield Serving(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def texts(chat: Place) -> list[str]:
    """What the bot has said there, drafts too."""
    return [shown.text for shown in chat.shown() if shown.author == "Parley"]


async def grows(server: TelegramServer, chat: Place, number: int, beyond: str = "w1.") -> None:
    """Until the bot's message of that number is being written."""
    await server.until(lambda: len(texts(chat)) > number and beyond in texts(chat)[number], PATIENCE, "growing text")


async def stands(server: TelegramServer, chat: Place, number: int, text: str) -> None:
    """Until the bot's message of that number is whole."""
    await server.until(lambda: [*texts(chat), *[""] * 9][number] == text, PATIENCE, f"{text[-20:]} in {number}")


@pytest.mark.usefixtures("settings")
async def test_any_process_may_be_killed_while_it_answers(postgres_url: str, tmp_path: Path) -> None:
    async with TelegramServer() as server, AsyncExitStack() as stack:
        shared = {"PARLEY_DATABASE_URL": postgres_url, "PARLEY_TURNS__ANSWERED_BY": "workers"}
        machine = Machine(tmp_path / "packages", {**telegram(server), **shared})

        async def started(*command: str) -> Serving:
            return await stack.enter_async_context(machine.runs(*command))

        alice = server.person("Alice")
        chat = alice.private_chat()
        serve, worker = await started("serve"), await started("worker")
        await serve.says("telegram: ready")
        await chat.says(alice, "/steady 2")
        await stands(server, chat, 0, words(2))

        other, standby = await started("worker"), await started("serve")
        await standby.says("telegram: another process runs it; this one stands by.")
        await other.says("worker: ready")
        await chat.says(alice, "/steady 30")
        await grows(server, chat, 1)
        worker.process.kill()  # either of the two may have it: the other one finishes it
        await stands(server, chat, 1, words(30))

        await chat.says(alice, "/steady 31")
        await grows(server, chat, 2)
        serve.process.kill()
        await standby.says("telegram: ready")
        await stands(server, chat, 2, words(31))
        assert texts(chat) == [words(2), words(30), words(31)]

        await chat.says(alice, "/steady 300")
        await grows(server, chat, 3)
        for process in (other, standby):
            process.process.send_signal(signal.SIGTERM)
            await process.says("Stopping")
            process.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(5):
                assert await process.ends() == 0
            assert "Traceback" not in process.said
        assert not await answers(plain_url(postgres_url), QUEUE, 0.1)


@pytest.mark.usefixtures("settings")
async def test_on_sqlite_a_second_serve_stands_by_and_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    async with TelegramServer() as server, AsyncExitStack() as stack:
        machine = Machine(tmp_path / "packages", telegram(server))
        alice = server.person("Alice")
        chat = alice.private_chat()
        first = await stack.enter_async_context(machine.runs("serve", "--only", "telegram"))
        await first.says("telegram: ready")
        second = await stack.enter_async_context(machine.runs("serve", "--only", "telegram"))
        await second.says("telegram: another process runs it; this one stands by.")

        await chat.says(alice, "/steady 12")
        await grows(server, chat, 0)
        first.process.kill()
        await second.says("telegram: ready")
        await stands(server, chat, 0, words(12))

        await chat.says(alice, "/steady 13")
        await grows(server, chat, 1)
        second.process.send_signal(signal.SIGTERM)
        assert await second.ends() == 0  # what it was writing is finished first
        assert texts(chat) == [words(12), words(13)]

        third = await stack.enter_async_context(machine.runs("serve", "--only", "telegram"))
        await third.says("telegram: ready")
        await chat.says(alice, "/steady 300")
        await grows(server, chat, 2)
        third.process.send_signal(signal.SIGTERM)
        await third.says("Stopping")
        third.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await third.ends() == 0
        assert "Traceback" not in first.said + second.said + third.said


@pytest.mark.usefixtures("settings")
def test_a_worker_on_sqlite_says_what_it_needs(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    done = parley("worker")
    assert done.code == 2
    assert "PostgreSQL" in done.sentence and "docs/how-to/many.md" in done.sentence
    monkeypatch.setenv("PARLEY_TURNS__ANSWERED_BY", "workers")
    monkeypatch.setenv("PARLEY_TELEGRAM__TOKEN", "987654321:" + "x" * 35)
    for command in ("worker", "serve"):
        done = parley(command)
        assert done.code == 2
        assert "SQLite" in done.sentence
    found = {row["check"]: row for row in parley("doctor", "--json").rows}
    assert found["workers"]["state"] == "fail" and "SQLite" in found["workers"]["found"]


@pytest.mark.usefixtures("settings")
def test_a_worker_that_has_nothing_to_do_says_so(
    parley: Parley, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL", postgres_url)
    done = parley("worker")
    assert done.code == 2
    assert "turns.answered_by" in done.sentence


@pytest.mark.usefixtures("settings")
def test_the_doctor_asks_for_a_worker(parley: Parley, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.bootstrap import turn_checks

    monkeypatch.setattr(turn_checks, "WORKER_WITHIN", 0.3)
    monkeypatch.setenv("PARLEY_DATABASE_URL", postgres_url)
    monkeypatch.setenv("PARLEY_TURNS__ANSWERED_BY", "workers")
    found = {row["check"]: row for row in parley("doctor", "--json").rows}
    assert (found["workers"]["state"], found["workers"]["do"]) == ("fail", "Start one more: parley worker")
    assert found["turns"]["state"] == "ok"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("module", ["procrastinate", "psycopg"])
def test_without_the_extra_it_says_which(shell: Parley, postgres_url: str, tmp_path: Path, module: str) -> None:
    """As where the extra `postgres` was not installed."""
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "sitecustomize.py").write_text(f"import sys\nsys.modules['{module}'] = None\n")
    lacking = {
        "PARLEY_DATABASE_URL": postgres_url,
        "PARLEY_TURNS__ANSWERED_BY": "workers",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path / 'lacking'}",
    }
    done = shell("worker", **lacking)
    assert done.code in {2, 4}
    assert "python -m pip install -c constraints.txt '.[postgres]'" in done.sentence
