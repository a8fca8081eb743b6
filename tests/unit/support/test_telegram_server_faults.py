"""The fake Telegram: faults that are asked for, flood limits, restarts, and compressed time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from tests.support.compressed import run_compressed
from tests.support.telegram_server import Limits, Rate, TelegramServer
from tests.support.telegram_server.clients import bot_of
from tests.support.telegram_server.clock import Clock
from tests.support.telegram_server.errors import ApiError
from tests.support.telegram_server.flood import Flood


@pytest.fixture(autouse=True)
def _durations_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else every RetryAfter warns


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest_asyncio.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(server) as started:
        yield started


def texts(server: TelegramServer, chat_id: int) -> list[str]:
    return [message.text for message in server.world.chats[chat_id].messages.values()]


async def test_injected_429s_then_none(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    fault = server.fail("sendMessage", times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(chat.id, "hello")
        assert caught.value.retry_after == timedelta(seconds=7)
    await bot.send_message(chat.id, "hello")
    assert (fault.met, fault.left) == (2, 0)
    assert server.refused == {("sendMessage", chat.id): 2}
    assert [call.error is None for call in server.calls("sendMessage")] == [False, False, True]


async def test_a_refusal_in_any_words(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    server.fail("sendMessage", code=400, description="Bad Request: can't parse entities: broken")
    with pytest.raises(BadRequest, match="Can't parse entities: broken"):
        await bot.send_message(chat.id, "hello")
    server.fail("sendMessage", code=502)
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "hello")
    assert texts(server, chat.id) == []


async def test_a_fault_for_one_chat_only(server: TelegramServer, bot: Bot) -> None:
    alice, bob = server.person("Alice").private_chat(), server.person("Bob").private_chat()
    server.fail("*", code=400, fits=lambda call: call.chat_id == bob.id)
    await bot.send_message(alice.id, "hello")
    with pytest.raises(BadRequest):
        await bot.send_message(bob.id, "hello")


async def test_a_reply_that_is_lost_leaves_the_message_there(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    server.fail("sendMessage", after_effect=True)
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "hello")
    assert texts(server, chat.id) == ["hello"]
    assert server.calls("sendMessage")[0].lost


async def test_a_cut_connection_leaves_nothing(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    server.cut("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(chat.id, "hello")
    assert texts(server, chat.id) == []


async def test_a_slow_call_has_its_effect_after_the_client_gave_up(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    server.slow("sendMessage", 1.0)
    with pytest.raises(TimedOut):
        await bot.send_message(chat.id, "hello", read_timeout=0.1)
    assert texts(server, chat.id) == []
    await server.called("sendMessage")
    assert texts(server, chat.id) == ["hello"]


async def test_a_late_reply_to_a_call_that_has_had_its_effect(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    server.slow("sendMessage", 1.0, after_effect=True)
    with pytest.raises(TimedOut):
        await bot.send_message(chat.id, "hello", read_timeout=0.1)
    assert texts(server, chat.id) == ["hello"]
    assert server.calls("sendMessage")[0].done_at is None


async def test_a_restart_in_the_middle_of_a_call(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    sent = await bot.send_message(chat.id, "half")
    server.slow("editMessageText", 60)
    editing = asyncio.create_task(bot.edit_message_text("whole", chat.id, sent.message_id))
    await server.until(lambda: server.calls("editMessageText"))
    await server.stop()
    with pytest.raises(NetworkError):
        await editing
    with pytest.raises(NetworkError):
        await bot.get_me()
    await server.start()
    assert texts(server, chat.id) == ["half"]
    await bot.edit_message_text("whole", chat.id, sent.message_id)
    assert texts(server, chat.id) == ["whole"]


async def test_waiting_for_what_never_comes_says_so(server: TelegramServer) -> None:
    with pytest.raises(TimeoutError, match=r"Not within 0\.05 s of loop time: a call"):
        await server.until(lambda: False, within=0.05, what="a call")


def test_flood_limits_in_compressed_time() -> None:
    """Who waits for as long as he is told is let through; three at once are free, and edits count."""

    async def talk() -> tuple[list[str], int, float]:
        async with TelegramServer(flood_limits=True) as server, bot_of(server, patience=500) as bot:
            chat = server.person("Alice").private_chat()
            began = asyncio.get_running_loop().time()
            sent = await bot.send_message(chat.id, "0")
            for number in range(1, 10):
                while True:
                    try:
                        await bot.edit_message_text(str(number), chat.id, sent.message_id)
                        break
                    except RetryAfter as refusal:
                        assert isinstance(refusal.retry_after, timedelta)
                        await asyncio.sleep(refusal.retry_after.total_seconds())
            passed = asyncio.get_running_loop().time() - began
            return texts(server, chat.id), server.refused["editMessageText", chat.id], passed

    shown, refused, passed = run_compressed(talk(), 10)
    assert shown == ["9"]
    assert refused >= 1
    assert passed >= 7  # ten in all, three of them at once


async def test_drafts_have_a_rate_of_their_own(server: TelegramServer) -> None:
    limits = Limits(chat=Rate(1, 0.001), drafts=Rate(4, 0.001))
    async with TelegramServer(flood_limits=True, limits=limits) as strict, bot_of(strict) as bot:
        chat = strict.person("Alice").private_chat()
        await bot.send_message(chat.id, "one")
        for number in range(4):
            await bot.send_message_draft(chat.id, 1, str(number))
        with pytest.raises(RetryAfter):
            await bot.send_message_draft(chat.id, 1, "too many")
        with pytest.raises(RetryAfter):
            await bot.send_message(chat.id, "two")
        strict.world.flood.on = False
        await bot.send_message(chat.id, "two")
    assert strict.refused == {("sendMessageDraft", chat.id): 1, ("sendMessage", chat.id): 1}


class SetClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


@given(waits=st.lists(st.floats(0, 5), min_size=1, max_size=60), group=st.booleans())
def test_never_more_than_the_rates_and_never_longer_than_was_said(waits: list[float], group: bool) -> None:
    clock = SetClock()
    flood, passed = Flood(clock, Limits(), True), list[float]()
    for wait in waits:
        clock.seconds += wait
        try:
            flood.charge("sendMessage", 1, group=group)
        except ApiError as refusal:
            clock.seconds += refusal.parameters["retry_after"]
            flood.charge("sendMessage", 1, group=group)  # who waited is let through
        passed.append(clock.seconds)
    for start in passed:
        within = [at for at in passed if start <= at <= start + 60]
        assert len([at for at in within if at <= start + 1]) <= 4
        assert not group or len(within) <= 40


@pytest.mark.parametrize(("chats", "group", "free"), [(40, False, 30), (1, True, 20), (1, False, 3)])
def test_how_many_at_once(chats: int, group: bool, free: int) -> None:
    only = Rate(1000, 1)
    limits = Limits(chat=only) if group else Limits()
    flood = Flood(SetClock(), limits, True)
    for number in range(free):
        flood.charge("sendMessage", number % chats, group=group)
    with pytest.raises(ApiError, match="retry after"):
        flood.charge("sendMessage", free % chats, group=group)
