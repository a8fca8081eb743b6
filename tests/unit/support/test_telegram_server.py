"""The fake Telegram against the real python-telegram-bot: polling, sending, editing, and the human side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters, Update
from telegram.error import BadRequest, Forbidden, InvalidToken
from telegram.ext import CallbackQueryHandler, ContextTypes, MessageHandler, filters

from tests.support.telegram_server import TelegramServer
from tests.support.telegram_server.clients import bot_of, polling


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest_asyncio.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(server) as started:
        yield started


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(f"You said: {update.message.text}")


async def test_a_question_and_its_answer(server: TelegramServer) -> None:
    alice = server.person("Alice", language_code="en")
    chat = alice.private_chat()
    async with polling(server, MessageHandler(filters.TEXT, echo)):
        await chat.says(alice, "hello")
        answer = await chat.answer(quiet=0.05)
    assert answer.text == "You said: hello"
    assert [(one.author, one.text) for one in chat.shown()] == [("Alice", "hello"), ("Parley", "You said: hello")]


async def test_the_bot_is_a_bot_and_people_are_not(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice", language_code="zh-hans")
    await alice.private_chat().says(alice, "hello")
    (update,) = await bot.get_updates()
    assert (await bot.get_me()).is_bot is True
    assert update.effective_user is not None
    assert (update.effective_user.is_bot, update.effective_user.language_code) == (False, "zh-hans")


async def test_updates_come_again_until_they_are_confirmed(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    for text in ("one", "two", "three"):
        await chat.says(alice, text)
    first = await bot.get_updates()
    again = await bot.get_updates()
    assert [update.update_id for update in first] == [update.update_id for update in again]
    rest = await bot.get_updates(offset=first[1].update_id)
    assert [update.message.text for update in rest if update.message] == ["two", "three"]
    assert await bot.get_updates(offset=rest[-1].update_id + 1) == ()


async def test_a_long_poll_waits_for_what_comes(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await server.until(lambda: server.calls("getUpdates"))
    await alice.private_chat().says(alice, "hello")
    (update,) = await waiting
    assert update.message is not None
    assert update.message.text == "hello"


async def test_a_text_of_4096_utf16_units_is_sent_and_one_more_is_refused(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    await bot.send_message(chat.id, "😀" * 2048)
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(chat.id, "😀" * 2048 + "a")


async def test_edits(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    sent = await bot.send_message(chat.id, "half")
    edited = await bot.edit_message_text("whole", chat.id, sent.message_id)
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("whole", chat.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("whole", chat.id, sent.message_id + 1)
    assert [(one.text, one.edited) for one in chat.shown()] == [("whole", True)]


async def test_a_pressed_button_brings_the_whole_message(server: TelegramServer) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    seen: list[Update] = []

    async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        seen.append(update)
        assert update.callback_query is not None
        await update.callback_query.answer("Thanks")

    async with polling(server, CallbackQueryHandler(pressed)) as application:
        markup = InlineKeyboardMarkup([[InlineKeyboardButton("👍 Good", callback_data="up")]])
        await application.bot.send_message(chat.id, "An answer", reply_markup=markup)
        answer = await chat.answer(quiet=0)
        press = await chat.presses(alice, answer.last, "Good")
        assert await press.answered() == "Thanks"
    query = seen[0].callback_query
    assert query is not None
    assert isinstance(query.message, Message)
    assert (query.data, query.chat_instance, query.message.text) == ("up", chat.chat.instance, "An answer")
    assert query.message.reply_markup == markup


async def test_replies(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    question = await chat.says(alice, "why?")
    sent = await bot.send_message(chat.id, "so", reply_parameters=ReplyParameters(question.id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "why?"
    chat.deletes(question)
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(chat.id, "so", reply_parameters=ReplyParameters(question.id))
    allowing = ReplyParameters(question.id, allow_sending_without_reply=True)
    assert (await bot.send_message(chat.id, "so", reply_parameters=allowing)).reply_to_message is None


async def test_who_may_not_be_written_to(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    alice.blocks_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(chat.id, "hello")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(12345, "hello")
    (update,) = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"


async def test_a_token_of_no_bot(server: TelegramServer) -> None:
    with pytest.raises(InvalidToken, match="was rejected by the server"):
        async with bot_of(server, "987654321:another"):
            pass
