"""`parley serve` as a process of its own, between servers that stand for Telegram and Discord."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, Parley, TinyModels
from tests.support.discord_server import DiscordServer
from tests.support.model_server import ModelServer, both, says
from tests.support.telegram_server import TOKEN, TelegramServer

KNOWN = "How long do I have to return an item?"
ANSWER = "You can return any item within 30 days of delivery."
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB"
PATIENCE = 60  # seconds for a process that loads libraries on a busy machine


class Serving:
    """The running command. What it says on standard error is gathered."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def says(self, pattern: str) -> None:
        """Wait until it has said that."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while not re.search(pattern, self.said):
                line = await self.process.stderr.readline()
                assert line, f"it ended before it said {pattern}: {self.said}"
                self.said += line.decode()

    async def ends(self) -> int:
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            self.said += (await self.process.stderr.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def serving(*arguments: str, **environment: str) -> AsyncIterator[Serving]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", *arguments),
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Serving(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def telegram(server: TelegramServer, token: str = TOKEN) -> dict[str, str]:
    return {
        "PARLEY_TELEGRAM__TOKEN": token,
        "PARLEY_TELEGRAM__BASE_URL": server.base_url,
        "PARLEY_TELEGRAM__BASE_FILE_URL": server.base_file_url,
    }


def discord(server: DiscordServer, token: str = DISCORD_TOKEN) -> dict[str, str]:
    return {"PARLEY_DISCORD__TOKEN": token, "PARLEY_DISCORD__API_BASE": server.api_base}


@pytest.mark.usefixtures("shop")
async def test_on_sqlite_no_library_of_postgresql_is_needed(tmp_path: Path) -> None:
    for name in ("psycopg", "psycopg_pool", "procrastinate"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError(name={name!r})")
    async with (
        TelegramServer() as server,
        serving(**telegram(server), PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)])) as parley,
    ):
        await parley.says("telegram: ready")
        parley.process.send_signal(signal.SIGTERM)
        assert await parley.ends() == 0


@pytest.mark.usefixtures("shop")
async def test_both_channels_answer_in_one_process_until_sigterm() -> None:
    async with TelegramServer() as first, DiscordServer(DISCORD_TOKEN) as second:
        async with serving(**telegram(first), **discord(second)) as parley:
            await parley.says("telegram: ready")
            await parley.says("discord: ready")
            chat = first.person("Alice").private_chat()
            await chat.says(first.person("Alice"), KNOWN)
            bob = second.person("Bob")
            dm = bob.dm()
            await dm.says(bob, KNOWN)
            assert ANSWER in (await chat.answer(within=PATIENCE)).text
            assert ANSWER in (await dm.answer(within=PATIENCE)).text
            parley.process.send_signal(signal.SIGTERM)
            assert await parley.ends() == 0
        assert "Traceback" not in parley.said


@pytest.mark.usefixtures("shop")
async def test_a_hangup_changes_who_writes_and_whether_articles_are_answered_by_writing(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_MODELS__GENERATOR")
    monkeypatch.setenv("PARLEY_MODELS__EMBEDDER", "server:big")
    written = "Parcels to Norway take seven days, and customs duties are paid by the customer."
    async with TelegramServer() as server, ModelServer(both(says(written))) as models:

        def choose(generator: str) -> None:
            text = (
                f'[models]\ngenerator = "{generator}"\n[models.servers.big]\nbase_url = "{models.url}"\nmodel = "big"\n'
            )
            Path("parley.toml").write_text(text, encoding="utf-8")

        choose(str(tiny_models.generator))
        async with serving(**telegram(server)) as parley:
            await parley.says("telegram: ready")
            alice = server.person("Alice")
            chat = alice.private_chat()

            async def answer() -> str:
                await chat.says(alice, "How long do parcels to Norway take?")
                return (await chat.answer(within=PATIENCE)).text

            assert written not in await answer()
            choose("server:big")
            parley.process.send_signal(signal.SIGHUP)
            await parley.says("generate: server:big from now on")
            assert written in await answer()
            choose(str(tiny_models.generator))
            parley.process.send_signal(signal.SIGHUP)
            await parley.says("Answers from articles: quoted from now on")
            assert written not in await answer()
            assert len([asked for asked in models.asked if "messages" in asked]) == 1
            parley.process.send_signal(signal.SIGTERM)
            assert await parley.ends() == 0


@pytest.mark.usefixtures("shop")
async def test_a_wrong_token_is_one_sentence_and_the_other_channel_goes_on() -> None:
    wrong = "987654321:" + "x" * 35
    async with TelegramServer() as first, DiscordServer(DISCORD_TOKEN) as second:
        async with serving(**telegram(first, wrong), **discord(second)) as parley:
            await parley.says("telegram: .*token")
            await parley.says("discord: ready")
            bob = second.person("Bob")
            dm = bob.dm()
            await dm.says(bob, KNOWN)
            assert ANSWER in (await dm.answer(within=PATIENCE)).text
            parley.process.send_signal(signal.SIGINT)
            assert await parley.ends() == 0
        assert wrong not in parley.said
        assert "Traceback" not in parley.said


@pytest.mark.usefixtures("shop")
async def test_an_intent_a_second_poller_and_a_revoked_token_are_one_sentence_each() -> None:
    async with TelegramServer() as first, DiscordServer(DISCORD_TOKEN, message_content=False) as second:
        first.fail("getUpdates", code=409, description="Conflict: terminated by other getUpdates request")
        async with serving(**telegram(first), **discord(second)) as parley:
            await parley.says("telegram: Another program asks Telegram .*(409)")
            await parley.says("discord: Discord refuses the intent Message Content.")
            await parley.says("telegram: ready")
            alice = first.person("Alice")
            chat = alice.private_chat()
            await chat.says(alice, KNOWN)
            assert ANSWER in (await chat.answer(within=PATIENCE)).text
            first.revoke_token()
            assert await parley.ends() == 8
        assert parley.said.count("telegram: Telegram refuses the token.") == 1
        for sentence in ("Another program", "refuses the intent"):
            assert parley.said.count(sentence) == 1
        assert TOKEN not in parley.said
        assert "Traceback" not in parley.said


@pytest.mark.usefixtures("shop")
async def test_when_every_channel_is_refused_the_command_ends() -> None:
    async with TelegramServer() as first, serving(**telegram(first, "987654321:" + "x" * 35)) as parley:
        assert await parley.ends() == 8
        assert parley.said.count("telegram: ") == 1
        assert "Traceback" not in parley.said


@pytest.mark.usefixtures("settings")
def test_without_a_token_it_says_where_to_put_one(parley: Parley) -> None:
    done = parley("serve")
    assert done.code == 2
    assert "PARLEY_TELEGRAM__TOKEN" in done.sentence
    named = parley("serve", "--only", "discord")
    assert named.code == 2
    assert "PARLEY_DISCORD__TOKEN" in named.sentence


@pytest.mark.usefixtures("settings")
def test_a_channel_that_there_is_not(parley: Parley) -> None:
    done = parley("serve", "--only", "irc")
    assert done.code == 2
    assert "telegram and discord" in done.sentence


@pytest.mark.usefixtures("settings")
def test_a_token_of_a_wrong_shape_is_noticed_before_anything_else(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_TELEGRAM__TOKEN", "wrong-secret")
    served = parley("serve")
    assert (served.code, "@BotFather" in served.sentence) == (2, True)
    found = {row["check"]: row for row in parley("doctor", "--json").rows}["telegram"]
    assert (found["state"], "@BotFather" in found["found"] + found["do"]) == ("fail", True)
    assert "wrong-secret" not in served.out + served.err + str(found)


def test_a_token_file_that_cannot_be_read(parley: Parley, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_TELEGRAM__TOKEN_FILE", str(settings / "none"))
    done = parley("serve")
    assert done.code == 2
    assert "telegram.token_file" in done.sentence


def test_the_doctor_asks_the_platforms(shell: Parley, settings: Path) -> None:
    """In a thread of their own, so that the servers answer while the command runs."""

    async def examine() -> dict[str, dict[str, str]]:
        async with TelegramServer() as first, DiscordServer(DISCORD_TOKEN, message_content=False) as second:
            done = await asyncio.to_thread(
                lambda: shell("doctor", "--json", **telegram(first, "987654321:" + "x" * 35), **discord(second))
            )
            good = await asyncio.to_thread(lambda: shell("doctor", "--json", **telegram(first)))
            return {
                "wrong": {row["check"]: row for row in done.rows}["telegram"],
                "intent": {row["check"]: row for row in done.rows}["discord"],
                "good": {row["check"]: row for row in good.rows}["telegram"],
                "none": {row["check"]: row for row in good.rows}["discord"],
            }

    found = asyncio.run(examine())
    assert found["wrong"]["state"] == "fail"
    assert "BotFather" in found["wrong"]["found"]
    assert found["intent"]["state"] == "warn"
    assert "Message Content" in found["intent"]["do"]
    assert (found["good"]["state"], found["good"]["found"]) == ("ok", "@parley_bot")
    assert "no token" in found["none"]["found"]
