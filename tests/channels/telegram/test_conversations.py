"""Private chats as (said, answered) pairs: real skills, a small shop's knowledge base, both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.telegram_bench import bench
from tests.support.warmed import dictionary

ENGLISH = [
    ("/start", "Hello!"),
    ("When is the shop open?", "nine to six"),
    ("How long does a refund take?", "5 working days"),
    ("/ask@parley_bot What is the return period?", "30 days"),
    ("/start refund-time", "5 working days"),
    ("/start nothing-of-that-name", "Hello!"),
    ("/help", "/translate"),
    ("/nonsense", "/nonsense"),
    ("/translate", "Which language"),
    ("/privacy", "/export"),
    ("/settings", "Language: automatic"),
]
CHINESE = [
    ("/start", "您好"),
    ("怎么开发票？", "申请发票"),
    ("多久之内可以退货？", "30天"),
    ("/ask 退货期限是多少天？", "30天"),
    ("/help", "/translate"),
    ("/forget", "删除"),
]


@pytest.mark.parametrize(("language", "talk"), [("en", ENGLISH), ("zh-hans", CHINESE)], ids=["English", "Chinese"])
async def test_a_talk(home: Path, language: str, talk: list[tuple[str, str]]) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice", language_code=language)
        chat = alice.private_chat()
        for said, answered in talk:
            await chat.says(alice, said)
            answer = await chat.answer()
            assert answered in answer.text, (said, answer.text)
            assert len(answer.messages) == 1
        shown = chat.shown()
        assert [message.author for message in shown] == ["Alice", "Parley"] * len(talk)
        assert not any(message.reply_to for message in shown)


@pytest.mark.parametrize("command", ["/sentiment", "/summarise", "/summarize", "/translate zh", "/ask"])
async def test_a_command_in_reply_to_a_message_works_on_that(home: Path, command: str) -> None:
    dictionary()
    async with bench(home, default_skill="answer") as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", alice, bo)
        said = await shop.says(bo, "When is the shop open?")
        await shop.replies(alice, said, command)
        await shop.answer()
        (turn,) = await bot.turns()
        assert (turn.text, turn.origin.quoted, turn.origin.quoted_ours) == (command, "When is the shop open?", False)


@pytest.mark.parametrize("how", ["reply", "caption"])
async def test_a_document_is_summed_up(home: Path, how: str) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        caption = "/summarise" if how == "caption" else ""
        sent = await alice.sends_document(chat, "about.txt", b"We sell books.", caption=caption)
        await chat.answer()
        if how == "reply":
            await chat.replies(alice, sent, "/summarise")
            await chat.answer()
        (turn,) = await bot.turns()
        assert turn.text == "/summarise"
        assert [(file.name, file.size) for file in turn.origin.files] == [("about.txt", 14)]


async def test_no_reply_keyboard_is_ever_used(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        for said, _ in ENGLISH:
            await chat.says(alice, said)
            await chat.answer()
        keyboards = [call.params["reply_markup"] for call in bot.server.calls() if call.params.get("reply_markup")]
        assert keyboards
        assert {kind for keyboard in keyboards for kind in keyboard} == {"inline_keyboard"}


async def test_a_curated_answer_comes_as_one_message_without_a_draft(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "When is the shop open?")
        answer = await chat.answer()
        assert not bot.server.calls("sendMessageDraft")
        assert not bot.server.calls("editMessageText")
        assert answer.buttons == ["👍", "👎"]


async def test_sources_stand_in_a_quotation_that_unfolds(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "When is the shop open?")
        answer = await chat.answer()
        assert "expandable_blockquote" in [entity["type"] for entity in answer.entities]
        assert "Sources" in answer.text


async def test_two_messages_at_once_are_answered_in_order(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        for number in range(5):
            await chat.says(alice, f"number {number}")
        await bot.server.until(lambda: len(chat.shown()) == 10)
        told = [message.text for message in chat.shown() if message.author == "Parley"]
        assert told == [f"You said: number {number}" for number in range(5)]


async def test_what_is_kept_comes_as_a_document(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "remember the milk")
        await chat.answer()
        await chat.says(alice, "/export")
        await bot.server.called("sendDocument")
        call = bot.server.calls("sendDocument")[0]
        (upload,) = call.files.values()
        assert upload.name.endswith(".json")
        assert b"remember the milk" in upload.data


async def test_a_picture_without_words_is_told_what_can_be_read(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        message = (await chat.says(alice, "x")).to_json() | {"message_id": 99}
        await chat.answer()
        del message["text"]
        photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
        bot.server.raw_update({"message": message | {"photo": photo}})
        assert "pictures" in (await chat.answer()).text
        bot.server.raw_update({"message": message | {"photo": photo, "caption": "a caption", "message_id": 100}})
        assert (await chat.answer()).text == "You said: a caption"


async def test_too_much_text_is_told_so(home: Path) -> None:
    async with bench(home) as bot:
        bot.desk.inbox._max_characters = 10
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "a question of more than ten characters")
        assert "at most 10 fit" in (await chat.answer()).text
