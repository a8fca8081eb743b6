"""The fake Telegram: how updates reach the real python-telegram-bot, by polling and by webhook."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, InvalidToken
from telegram.ext import ApplicationBuilder, MessageHandler, filters

from tests.support.telegram_server import TOKEN, TelegramServer
from tests.support.telegram_server.clients import bot_of, polling
from tests.support.telegram_server.webhook import SECRET_HEADER


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest_asyncio.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(server) as started:
        yield started


async def polled(server: TelegramServer, times: int) -> None:
    await server.until(lambda: len(server.calls("getUpdates")) >= times)


async def test_a_second_poller_ends_the_first_with_409(server: TelegramServer, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await polled(server, 1)
    async with bot_of(server) as other:
        second = asyncio.create_task(other.get_updates(timeout=10))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        server.raw_update({"message_of_the_future": {}})
        assert len(await second) == 1


async def test_no_polling_beside_a_webhook(server: TelegramServer, bot: Bot) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await polled(server, 1)
    await bot.set_webhook("https://bot.example/hook")
    with pytest.raises(Conflict, match="terminated by setWebhook"):
        await waiting
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_only_the_updates_that_were_asked_for(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    group = server.supergroup("Shop", alice)
    question = await group.says(alice, "hello")
    await group.reacts(alice, question, "👍")
    assert [bool(update.message) for update in await bot.get_updates()] == [True]
    await bot.get_updates(offset=-1, allowed_updates=["message_reaction"])
    await group.says(alice, "not asked for")
    await group.reacts(alice, question, "🔥")
    last = (await bot.get_updates())[-1]
    assert last.message_reaction is not None
    assert last.message is None


async def test_offset_and_limit(server: TelegramServer, bot: Bot) -> None:
    ids = [server.raw_update({"kind": {}}) for _ in range(5)]
    assert len(set(ids)) == 5
    assert [update.update_id for update in await bot.get_updates(limit=2)] == ids[:2]
    assert [update.update_id for update in await bot.get_updates(offset=-1)] == ids[-1:]
    assert [update.update_id for update in await bot.get_updates()] == ids[-1:]


async def test_a_poll_that_brings_nothing_ends_in_loop_time(server: TelegramServer, bot: Bot) -> None:
    before = asyncio.get_running_loop().time()
    assert await bot.get_updates(timeout=1) == ()
    (call,) = server.calls("getUpdates")
    assert call.done_at is not None
    assert call.done_at - before >= 1


async def test_dates_are_whole_seconds(server: TelegramServer) -> None:
    async with TelegramServer(dates=lambda: 1_700_000_000.9) as dated, bot_of(dated) as bot:
        alice = dated.person("Alice")
        await alice.private_chat().says(alice, "hello")
        (update,) = await bot.get_updates()
        assert update.message is not None
        assert update.message.date.timestamp() == 1_700_000_000


@settings(max_examples=20)
@given(kinds=st.lists(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=12), max_size=12))
def test_any_updates_come_in_order_with_ids_of_their_own(kinds: list[str]) -> None:
    async def run() -> None:
        server = TelegramServer()
        for kind in kinds:
            server.raw_update({kind: {"anything": True}})
        got = await server.world.updates.poll(0, 100, 0)
        ids = [update["update_id"] for update in got]
        assert ids == sorted(set(ids))
        assert [next(iter(update.keys() - {"update_id"}), "update_id") for update in got] == kinds

    asyncio.run(run())


async def test_an_unknown_update_does_not_stop_the_application(server: TelegramServer) -> None:
    alice = server.person("Alice")
    seen = asyncio.Event()

    async def heard(update: Update, context: Any) -> None:
        seen.set()

    async with polling(server, MessageHandler(filters.ALL, heard)):
        server.raw_update({"message_of_the_future": {"x": 1}})
        await alice.private_chat().says(alice, "hello")
        await asyncio.wait_for(seen.wait(), 5)


async def test_polling_goes_on_after_a_restart_and_nothing_is_lost(server: TelegramServer) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()

    async def echo(update: Update, context: Any) -> None:
        assert update.message is not None
        await update.message.reply_text(update.message.text or "")

    async with polling(server, MessageHandler(filters.TEXT, echo), timeout=5):
        await polled(server, 1)
        port = server.port
        await server.stop()
        await chat.says(alice, "said while it was down")
        await server.start()
        assert server.port == port
        assert (await chat.answer(quiet=0)).text == "said while it was down"


async def test_a_revoked_token_ends_the_poll_that_waits(server: TelegramServer, bot: Bot) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await polled(server, 1)
    server.revoke_token()
    with pytest.raises(InvalidToken):
        await waiting
    await server.stop()
    await server.start()
    with pytest.raises(InvalidToken):
        await bot.get_me()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_a_webhook_of_the_real_application(server: TelegramServer) -> None:
    alice, port = server.person("Alice"), free_port()
    application = ApplicationBuilder().token(TOKEN).base_url(server.base_url).build()

    async def echo(update: Update, context: Any) -> None:
        assert update.message is not None
        await update.message.reply_text(f"{update.update_id}")

    application.add_handler(MessageHandler(filters.TEXT, echo))
    chat = alice.private_chat()
    async with application:
        assert application.updater is not None
        await application.start()
        await application.updater.start_webhook(
            "127.0.0.1", port, "hook", webhook_url=f"http://127.0.0.1:{port}/hook", secret_token="s3cret"
        )
        await chat.says(alice, "one")
        first = await chat.answer(quiet=0)
        await chat.says(alice, "two")
        second = await chat.answer(quiet=0)
        info = await application.bot.get_webhook_info()
        await application.updater.stop()
        await application.stop()
    assert first.text != second.text
    assert info.url.endswith("/hook")
    assert info.pending_update_count == 0


async def test_a_webhook_is_posted_to_until_it_says_200(server: TelegramServer, bot: Bot) -> None:
    answers = iter([500, 404, 200, 200])
    seen: list[tuple[int, str | None]] = []

    async def hook(request: web.Request) -> web.Response:
        update = await request.json()
        seen.append((update["update_id"], request.headers.get(SECRET_HEADER)))
        return web.Response(status=next(answers))

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", free_port())
    await site.start()
    alice = server.person("Alice")
    chat = alice.private_chat()
    await chat.says(alice, "one")
    await chat.says(alice, "two")
    await bot.set_webhook(f"{site.name}/hook", secret_token="s3cret")
    await server.until(lambda: not server.world.updates.pending)
    info = await bot.get_webhook_info()
    await runner.cleanup()
    first = seen[0][0]
    assert seen == [(first, "s3cret")] * 3 + [(first + 1, "s3cret")]
    assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"


async def test_what_a_webhook_may_be(server: TelegramServer, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)HTTPS URL must be provided"):
        await bot.set_webhook("http://bot.example/hook")
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("https://bot.example/hook", secret_token="not a token")


@pytest.mark.parametrize("path", ["/", "/bot", "/botnonsense/getMe", "/elsewhere/getMe", f"/bot{TOKEN}/getNothing"])
async def test_paths_that_lead_nowhere(server: TelegramServer, path: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(server.base_url.removesuffix("/bot") + path)
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}
