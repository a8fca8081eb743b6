"""The fake Telegram: what its methods take and refuse, asked by the real python-telegram-bot and by plain HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, InlineKeyboardButton, InlineKeyboardMarkup
from telegram import MessageEntity as Entity
from telegram.error import BadRequest

from tests.support.telegram_server import TOKEN, Place, TelegramServer
from tests.support.telegram_server.clients import bot_of
from tests.support.telegram_server.entities import accepted, cut, units


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest_asyncio.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_of(server) as started:
        yield started


@pytest.fixture
def chat(server: TelegramServer) -> Place:
    return server.person("Alice").private_chat()


async def test_form_json_multipart_and_query_are_read_alike(server: TelegramServer, chat: Place) -> None:
    entities = [{"type": "bold", "offset": 0, "length": 2}]
    text = {"chat_id": str(chat.id), "text": "hi", "entities": json.dumps(entities)}
    async with httpx.AsyncClient(base_url=f"{server.base_url}{TOKEN}/") as client:
        answers = [
            await client.post("sendMessage", data=text),
            await client.post("sendMessage", json={"chat_id": chat.id, "text": "hi", "entities": entities}),
            await client.post("sendMessage", data=text, files={"unused": b"x"}),
            await client.get("sendMessage", params=text),
            await client.post("SENDMESSAGE", json=text),
        ]
        broken = await client.post("sendMessage", data=text | {"entities": "[{"})
    assert [answer.json()["result"]["entities"] for answer in answers] == [entities] * 5
    assert [call.body for call in server.calls("sendMessage")] == ["form", "json", "multipart", "query", "json"]
    assert all(call.params["chat_id"] == chat.id for call in server.calls())
    assert (broken.status_code, broken.json()["error_code"], broken.json()["ok"]) == (400, 400, False)


async def test_what_has_nothing_to_tell_is_true(server: TelegramServer, bot: Bot, chat: Place) -> None:
    async with httpx.AsyncClient(base_url=f"{server.base_url}{TOKEN}/") as client:
        answer = await client.post("sendChatAction", data={"chat_id": str(chat.id), "action": "typing"})
    assert answer.json() == {"ok": True, "result": True}
    assert chat.typing()
    await bot.send_message(chat.id, "done")
    assert not chat.typing()
    assert await bot.log_out() is True
    with pytest.raises(BadRequest):
        await bot.send_chat_action(chat.id, "dancing")


async def test_offsets_count_utf16_units(bot: Bot, chat: Place) -> None:
    sent = await bot.send_message(chat.id, "😀 bold", entities=[Entity(Entity.BOLD, 3, 4)])
    assert sent.parse_entities() == {Entity(Entity.BOLD, 3, 4): "bold"}


@pytest.mark.parametrize(
    ("offset", "length", "words"),
    [
        (-1, 2, "incorrect offset"),
        (0, -2, "incorrect length"),
        (8, 1, "begins after"),
        (3, 5, "ends after"),
        (1, 2, "begins in a middle"),
        (0, 1, "ends in a middle"),
    ],
)
async def test_entities_out_of_bounds(bot: Bot, chat: Place, offset: int, length: int, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        await bot.send_message(chat.id, "😀 bold", entities=[Entity(Entity.BOLD, offset, length)])
    assert chat.shown() == []


@given(text=st.text(max_size=30), spans=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=4))
def test_trimming_moves_entities_with_their_text(text: str, spans: list[tuple[int, int]]) -> None:
    text = text.encode("utf-16", "ignore").decode("utf-16")
    given_entities: list[dict[str, Any]] = []
    for start, length in spans:
        before, covered = text[:start], text[start : start + length]
        given_entities.append({"type": "bold", "offset": units(before), "length": units(covered)})
    kept_text, kept = accepted(text, given_entities)
    assert kept_text in text
    assert kept_text == kept_text.rstrip()
    covered_before = sorted(stripped for entity in given_entities if (stripped := cut(text, entity).rstrip()))
    covered_after = sorted(stripped for entity in kept if (stripped := cut(kept_text, entity).rstrip()))
    assert covered_after == covered_before


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("<b>a &lt; <i>b</i></b>", "a < b", ["bold", "italic"]),
        ('<a href="https://x.example/?a=1&amp;b=2">x</a>', "x", ["text_link"]),
        ("<blockquote expandable>long</blockquote>", "long", ["expandable_blockquote"]),
    ],
)
async def test_html(bot: Bot, chat: Place, source: str, text: str, kinds: list[str]) -> None:
    sent = await bot.send_message(chat.id, source, parse_mode="HTML")
    assert (sent.text, [entity.type for entity in sent.entities]) == (text, kinds)


@pytest.mark.parametrize("source", ["<b>open", "stray</b>", "<b>crossed<i></b></i>", "<table>no</table>", "a < b"])
async def test_broken_html(bot: Bot, chat: Place, source: str) -> None:
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await bot.send_message(chat.id, source, parse_mode="HTML")


@pytest.mark.parametrize("text", ["", " \n "])
async def test_an_empty_text(bot: Bot, chat: Place, text: str) -> None:
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(chat.id, text)


async def test_keyboards_and_what_an_edit_leaves_of_them(bot: Bot, chat: Place) -> None:
    good = InlineKeyboardMarkup([[InlineKeyboardButton("ok", callback_data="x" * 64)]])
    sent = await bot.send_message(chat.id, "text", reply_markup=good)
    for button in (InlineKeyboardButton("long", callback_data="é" * 33), InlineKeyboardButton("bad", url="no address")):
        with pytest.raises(BadRequest):
            await bot.edit_message_reply_markup(chat.id, sent.id, reply_markup=InlineKeyboardMarkup([[button]]))
    with pytest.raises(BadRequest, match="text buttons are unallowed"):
        await bot.send_message(chat.id, "text", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("nothing")]]))
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(chat.id, sent.id, reply_markup=good)
    assert chat.shown()[0].buttons == (("ok",),)
    await bot.edit_message_text("text", chat.id, sent.id)
    assert chat.shown()[0].buttons == ()


async def test_what_cannot_be_edited(server: TelegramServer, bot: Bot, chat: Place) -> None:
    alice = server.person("Alice")
    question = await alice.private_chat().says(alice, "mine")
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("yours", alice.id, question.id)
    sent = await bot.send_message(chat.id, "short")
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await bot.edit_message_text("x" * 4097, chat.id, sent.id)


async def test_deleting(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    group = server.group("Shop", alice)
    said, sent = await group.says(alice, "hi"), await bot.send_message(group.id, "hello")
    assert await bot.delete_message(group.id, sent.id) is True
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(group.id, sent.id)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(group.id, said.id)
    group.promotes_bot()
    assert await bot.delete_messages(group.id, [said.id, 999]) is True
    assert group.shown() == []


async def test_drafts_are_seen_until_a_message_comes(server: TelegramServer, bot: Bot, chat: Place) -> None:
    await bot.send_message_draft(chat.id, 7, "Half an ans")
    await bot.send_message_draft(chat.id, 7, "Half an answer")
    assert [(one.text, one.draft) for one in chat.shown()] == [("Half an answer", True)]
    await bot.send_message(chat.id, "A whole answer")
    assert [(one.text, one.draft) for one in chat.shown()] == [("A whole answer", False)]
    with pytest.raises(BadRequest, match=r"(?i)textdraft_peer_invalid"):
        await bot.send_message_draft(server.group("Shop").id, 7, "no")
    with pytest.raises(BadRequest, match="non-zero"):
        await bot.send_message_draft(chat.id, 0, "no")


async def test_files_both_ways(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    await alice.sends_document(chat, "faq.md", "# 退货\n".encode(), caption="/learn")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert (update.message.caption, update.message.caption_entities[0].type) == ("/learn", "bot_command")
    assert update.message.document.file_name == "faq.md"
    fetched = await (await update.message.document.get_file()).download_as_bytearray()
    assert fetched.decode() == "# 退货\n"

    sent = await bot.send_document(chat.id, b'{"a": 1}', filename="export.json", caption="yours")
    assert sent.document is not None
    again = await bot.send_document(chat.id, sent.document.file_id)
    assert again.document == sent.document
    assert [one.document for one in chat.shown()] == ["faq.md", "export.json", "export.json"]
    assert server.calls("sendDocument")[0].files["document"].data == b'{"a": 1}'
    with pytest.raises(BadRequest, match="file_id"):
        await bot.get_file("nothing")
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_document(chat.id, b"x", caption="x" * 1025)


async def test_command_menus_by_scope_and_language(bot: Bot) -> None:
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("ask", "Ask")])
    await bot.set_my_commands([BotCommand("ask", "提问")], scope=private, language_code="zh")
    assert [one.description for one in await bot.get_my_commands()] == ["Ask"]
    assert [one.description for one in await bot.get_my_commands(private, "zh")] == ["提问"]
    assert await bot.get_my_commands(private) == ()
    await bot.delete_my_commands(private, "zh")
    assert await bot.get_my_commands(private, "zh") == ()
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Ask", "capitals are not allowed")])


async def test_reactions(server: TelegramServer, bot: Bot) -> None:
    alice = server.person("Alice")
    chat = alice.private_chat()
    question = await chat.says(alice, "hello")
    assert await bot.set_message_reaction(chat.id, question.id, "👀") is True
    assert chat.shown()[0].reactions == ("👀",)
    with pytest.raises(BadRequest, match=r"(?i)reaction_invalid"):
        await bot.set_message_reaction(chat.id, question.id, "🦺")
