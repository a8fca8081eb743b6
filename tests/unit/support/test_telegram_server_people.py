"""The fake Telegram: what people do in chats, groups and topics, and what the bot is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden

from tests.support.telegram_server import TelegramServer
from tests.support.telegram_server.clients import bot_of


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest_asyncio.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(server) as started:
        yield started


async def test_commands_and_mentions_are_marked_in_utf16(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    group = server.group("Shop", alice)
    await group.says(alice, "  /ask@parley_bot 😀 for @parley_bot, see https://x.example/a.")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert list(update.message.parse_entities().items()) == [
        (entity, entity_text)
        for entity, entity_text in zip(
            update.message.entities, ["/ask@parley_bot", "@parley_bot", "https://x.example/a"], strict=True
        )
    ]
    assert [entity.type for entity in update.message.entities] == ["bot_command", "mention", "url"]


async def test_an_edited_question(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    question = await chat.says(alice, "hello")
    await chat.edits(question, "hello?")
    edited = (await bot.get_updates())[1].edited_message
    assert edited is not None
    assert (edited.text, edited.message_id) == ("hello?", question.id)
    assert edited.edit_date is not None


async def test_an_answer_is_whole_only_when_it_is_finished(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    server.finished = lambda messages: "stop" not in messages[-1].buttons
    stop = InlineKeyboardMarkup([[InlineKeyboardButton("stop", callback_data="stop")]])

    async def write() -> None:
        await bot.send_message(chat.id, "part one")
        growing = await bot.send_message(chat.id, "part", reply_markup=stop)
        await bot.send_message_draft(chat.id, 1, "more")
        await bot.edit_message_text("part two", chat.id, growing.id)
        await bot.send_message(chat.id, "part three")

    writing = asyncio.create_task(write())
    answer = await chat.answer(done=lambda messages: len(messages) == 3)
    await writing
    assert answer.text == "part one\n\npart two\n\npart three"
    with pytest.raises(TimeoutError, match="no messages"):
        await chat.answer(within=0.05)
    await bot.edit_message_text("part 2", chat.id, answer.messages[1].id)
    assert (await chat.answer()).text == "part 2"
    await bot.edit_message_reply_markup(chat.id, answer.messages[1].id, reply_markup=stop)
    await chat.silence(0.05)


async def test_an_answer_waits_for_the_draft_and_for_typing(server: TelegramServer, bot: Bot) -> None:
    chat = server.person("Alice").private_chat()
    await bot.send_message(chat.id, "one")
    await bot.send_message_draft(chat.id, 1, "tw")
    waiting = asyncio.create_task(chat.answer(quiet=0.05))
    await bot.send_chat_action(chat.id, "typing")
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await bot.send_message(chat.id, "two")
    assert (await waiting).text == "one\n\ntwo"


async def test_pressed_too_late(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    markup = InlineKeyboardMarkup(
        [[InlineKeyboardButton("up", callback_data="u"), InlineKeyboardButton("upper", url="https://x.example")]]
    )
    await bot.send_message(chat.id, "text", reply_markup=markup)
    sent = (await chat.answer(quiet=0)).last
    press = await chat.presses(alice, sent, "up")
    press.expires()
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired"):
        await update.callback_query.answer("late")
    assert press.toast is None
    with pytest.raises(BadRequest, match="query id is invalid"):
        await bot.answer_callback_query("1", "never asked")
    for label, problem in (("none", "0 buttons"), ("u", "2 buttons"), ("upper", "opens something")):
        with pytest.raises(LookupError, match=problem):
            await chat.presses(alice, sent, label)
    chat.deletes(sent)
    with pytest.raises(LookupError, match="deleted"):
        await chat.presses(alice, sent, "up")


async def test_two_people_in_a_group(server: TelegramServer, bot: Bot) -> None:
    alice, bob = server.person("Alice"), server.person("Bob")
    robot = server.person("Robot", is_bot=True)
    group = server.supergroup("Shop", alice, bob, username="the_shop")
    for person in (alice, bob, robot):
        await group.says(person, f"I am {person.user.first_name}")
    updates = await bot.get_updates()
    users = [update.effective_user for update in updates]
    assert [(user.id, user.is_bot) for user in users if user] == [(alice.id, False), (bob.id, False), (robot.id, True)]
    assert (await bot.get_chat("@the_shop")).title == "Shop"
    assert (await bot.get_chat_member(group.id, alice.id)).status == "creator"
    group.promotes(bob)
    assert {one.user.id for one in await bot.get_chat_administrators(group.id)} == {alice.id, bob.id}
    await group.leaves(bob)
    assert (await bot.get_chat_member(group.id, bob.id)).status == "left"
    with pytest.raises(BadRequest, match=r"(?i)participant_id_invalid"):
        await bot.get_chat_member(group.id, 1)


async def test_message_ids_are_a_supergroups_own(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    ids = [(await place.says(alice, "hi")).id for place in (alice.private_chat(), server.group("A"), server.group("B"))]
    assert ids == [1, 2, 3]
    assert [(await server.supergroup(name).says(alice, "hi")).id for name in "CD"] == [2, 2]  # 1 is that it was made


async def test_privacy_mode(server: TelegramServer) -> None:
    async with TelegramServer(privacy_mode=True) as private, bot_of(private) as bot:
        alice = private.person("Alice")
        group = private.group("Shop", alice)
        await bot.send_message(group.id, "hello")
        mine = (await group.answer(quiet=0)).last
        for text in ("not for you", "/ask@other_bot x", "/ask x", "/ask@Parley_bot y", "well, @parley_bot?"):
            await group.says(alice, text)
        await group.replies(alice, mine, "why?")
        told = [update.message.text for update in await bot.get_updates() if update.message]
        assert told == ["/ask x", "/ask@Parley_bot y", "well, @parley_bot?", "why?"]
        assert (await bot.get_me()).can_read_all_group_messages is False


async def test_topics(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    forum = server.supergroup("Shop", alice, forum=True)
    orders = forum.topic("Orders")
    assert forum.topic("Orders").thread == orders.thread
    await orders.says(alice, "where is it?")
    asked = (await bot.get_updates())[1].message
    assert asked is not None
    assert (asked.message_thread_id, asked.is_topic_message) == (orders.thread, True)
    # Telegram lets everything in a topic refer to its first message; that is no reply.
    assert asked.reply_to_message is not None
    assert asked.reply_to_message.forum_topic_created is not None
    await bot.send_message(forum.id, "on its way", reply_parameters=ReplyParameters(asked.message_id))
    await bot.send_message(forum.id, "generally")
    assert (await orders.answer(quiet=0)).text == "on its way"
    assert [one.text for one in forum.shown()] == ["generally"]
    for thread in (1, 999):
        with pytest.raises(BadRequest, match="Message thread not found"):
            await bot.send_message(forum.id, "where?", message_thread_id=thread)
    forum.closes_topic(orders)
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(forum.id, "too late", message_thread_id=orders.thread)


async def test_a_chain_of_replies_in_a_supergroup_is_a_thread(server: TelegramServer, bot: Bot) -> None:
    alice, bob = server.person("Alice"), server.person("Bob")
    group = server.supergroup("Shop", alice)
    root = await group.says(alice, "root")
    leaf = await group.replies(bob, root, "leaf")
    await group.replies(alice, leaf, "blossom")
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [one.message_thread_id for one in messages] == [None, root.id, root.id]
    assert not any(one.is_topic_message for one in messages)


async def test_a_group_that_moves_and_a_bot_that_is_put_out(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    old = server.group("Shop", alice)
    new = await old.becomes_supergroup()
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old.id, "hello")
    assert moved.value.new_chat_id == new.id
    assert (await bot.get_chat_member(new.id, alice.id)).status == "creator"
    new.removes_bot(alice)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(new.id, "hello")
    new.adds_bot(alice)
    await bot.send_message(new.id, "hello")


async def test_inline(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    group = server.group("Shop", alice)
    asking = asyncio.create_task(alice.inline("returns"))
    await server.until(lambda: server.world.updates.pending)
    (update,) = await bot.get_updates()
    assert update.inline_query is not None
    article = InlineQueryResultArticle("a", "Returns", InputTextMessageContent("Within 30 days."))
    with pytest.raises(BadRequest, match=r"(?i)result_id_duplicate"):
        await update.inline_query.answer([article, article])
    await update.inline_query.answer([article])
    (result,) = await asking
    assert result["title"] == "Returns"
    await alice.chooses(result, group, "returns")
    _, chosen, message = await bot.get_updates()
    assert chosen.chosen_inline_result is not None
    assert message.message is not None
    assert message.message.via_bot == bot.bot
    with pytest.raises(TimeoutError):
        await alice.inline("nobody answers", within=0.05)


async def test_the_record_of_what_was_said_and_shown(server: TelegramServer, bot: Bot) -> None:
    alice, bob = server.person("Alice"), server.person("Bob")
    await alice.private_chat().says(alice, "one")
    await bot.send_message(alice.id, "answer")
    forum = server.supergroup("Shop", alice, forum=True)
    await forum.topic("Orders").says(bob, "two")
    first, second = server.record()
    assert [one.text for one in first.sent] == ["one"]
    assert [one.text for one in first.shown] == ["one", "answer"]
    assert (second.chat_id, second.topic) == (forum.id, forum.topic("Orders").thread)
    assert [(one.person_id, one.text) for one in second.sent] == [(bob.id, "two")]


async def test_blocked_and_let_in_again(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    alice.blocks_bot()
    with pytest.raises(RuntimeError, match="Alice has blocked the bot"):
        await chat.says(alice, "hello")
    alice.unblocks_bot()
    await chat.says(alice, "/start faq-42")
    await bot.send_message(chat.id, "welcome back")
    assert [one.text for one in chat.shown()] == ["/start faq-42", "welcome back"]
