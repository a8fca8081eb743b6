"""The webhook, with the server posting to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from socket import create_server
from typing import Any

import aiohttp
import pytest

from bot.errors import ChannelError, SettingsError
from tests.support.telegram_bench import Bench, written
from tests.support.telegram_server import TelegramServer

SECRET = "a-long_random-word"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@asynccontextmanager
async def webhook(home: Path, **settings: Any) -> AsyncIterator[Bench]:
    port = free_port()
    async with TelegramServer() as server:
        server.finished = written
        made = Bench(server, home)
        made.webhook = {"url": f"http://127.0.0.1:{port}", "port": port, "secret": SECRET, "path": "/hook", **settings}
        await made.start()
        try:
            yield made
        finally:
            await made.crash()


async def post(bot: Bench, update: Any, secret: str | None = SECRET, path: str = "/hook") -> int:
    headers = {HEADER: secret} if secret is not None else {}
    url = f"http://127.0.0.1:{bot.webhook['port']}{path}"
    async with aiohttp.ClientSession() as session:
        sent = {"data": BytesIO(update)} if isinstance(update, bytes) else {"json": update}
        async with session.post(url, headers=headers, **sent) as response:
            return response.status


async def test_messages_come_by_webhook(home: Path) -> None:
    async with webhook(home) as bot:
        (call,) = bot.server.calls("setWebhook")
        assert call.params["secret_token"] == SECRET
        assert call.params["drop_pending_updates"] is False
        assert "message_reaction" in call.params["allowed_updates"]
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        for word in ("one", "two"):
            await chat.says(alice, f"/chat {word}")
            assert (await chat.answer()).text == f"You said: {word}"
        assert not bot.server.calls("getUpdates")


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "ä"])
async def test_without_the_secret_nothing_is_taken(home: Path, secret: str | None) -> None:
    async with webhook(home) as bot:
        alice = bot.server.person("Alice")
        message = {"update_id": 5, "message": (await alice.private_chat().says(alice, "hello")).to_json()}
        await alice.private_chat().answer()
        assert await post(bot, message | {"update_id": 6}, secret) == 403
        assert len(await bot.turns()) == 1


async def test_an_update_that_comes_again_is_taken_once(home: Path) -> None:
    async with webhook(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        message = (await chat.says(alice, "/chat one")).to_json()
        await chat.answer()
        update = {"update_id": 77, "message": message | {"message_id": 1000}}
        assert [await post(bot, update) for _ in range(3)] == [200, 200, 200]
        await chat.answer()
        assert len(await bot.turns()) == 2


async def test_an_update_that_cannot_be_kept_is_asked_for_again(home: Path) -> None:
    from tests.channels.telegram.test_troubles import Stubborn

    async with webhook(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        bot.desk.inbox._storage = Stubborn(bot.storage, refusals=2)
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"
        assert "500" in (bot.server.world.hook.last_error or "")


@pytest.mark.parametrize(
    ("update", "path", "status"),
    [
        (b"{no json", "/hook", 400),
        (b"x" * 4_000_001, "/hook", 413),
        ([1, 2], "/hook", 200),
        ({"a_kind_of_next_year": {}}, "/hook", 200),
        ({"update_id": 1, "message": {"text": "of no shape"}}, "/hook", 200),
        ({"update_id": 1}, "/elsewhere", 404),
    ],
)
async def test_what_is_no_update(home: Path, update: Any, path: str, status: int) -> None:
    async with webhook(home) as bot:
        assert await post(bot, update, path=path) == status


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"secret": ""}, "PARLEY_TELEGRAM__WEBHOOK__SECRET"),
        ({"url": "http://bot.example.org"}, "https://"),
    ],
)
async def test_a_setting_that_does_not_do(home: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        async with webhook(home, **settings):
            pass


async def test_a_port_that_is_taken(home: Path) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)):
            async with webhook(home, port=port):
                pass


async def test_an_address_that_telegram_refuses(home: Path) -> None:
    async with TelegramServer() as server:
        server.fail("setWebhook", code=400, description="Bad Request: bad webhook: failed to resolve host")
        made = Bench(server, home)
        made.webhook = {"url": "http://127.0.0.1:1", "port": 0, "secret": SECRET}
        with pytest.raises(ChannelError, match=r"telegram\.webhook\.url"):
            await made.start()


async def test_a_webhook_that_another_program_changed_is_set_again(home: Path) -> None:
    from dataclasses import replace

    async with TelegramServer() as server:
        made = Bench(server, home)
        made.timing = replace(made.timing, webhook_check=0.02)
        port = free_port()
        made.webhook = {"url": f"http://127.0.0.1:{port}", "port": port, "secret": SECRET}
        await made.start()
        server.world.hook.url = "https://elsewhere.example.org"
        await server.called("setWebhook", times=2)
        server.revoke_token()
        assert isinstance(await made.ended(), ChannelError)
