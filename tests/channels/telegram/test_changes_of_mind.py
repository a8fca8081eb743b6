"""Questions that are edited, answers that are stopped, made anew and judged."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from bot.domain import Opinion
from tests.support.telegram_bench import Bench, bench, eventually
from tests.support.telegram_server import Message, Place


def told(place: Place) -> list[str]:
    return [message.text for message in place.shown() if message.author == "Parley" and not message.draft]


async def opinions(bot: Bench) -> list[tuple[str, Opinion]]:
    return await bot.storage.read(lambda work: [(found.answer, found.opinion) for found in work.opinions.list()])


async def test_a_question_edited_after_its_answer_is_answered_anew_in_place(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        question = await chat.says(alice, "/chat one")
        first = await chat.answer()
        await chat.edits(question, "/chat two")
        second = await chat.answer()
        assert second.text == "You said: two"
        assert second.last is first.last
        assert told(chat) == ["You said: two"]


async def test_a_question_edited_while_it_is_answered_is_answered_anew(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        bot.author.pieces, bot.author.held = ["the ", "old ", "answer"], True
        question = await shop.says(alice, "/chat one")
        await bot.server.called("sendMessage")
        bot.author.pieces, bot.author.held = (), False
        await shop.edits(question, "/chat two")
        await bot.server.until(lambda: told(shop) == ["You said: two"])


async def test_an_edit_that_changes_nothing_does_nothing(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        question = await chat.says(alice, "/chat one")
        await chat.answer()
        await chat.edits(question, "/chat one")
        await chat.says(alice, "/chat two")
        await chat.answer()
        assert len(bot.author.requests) == 2


async def test_stop_by_button_and_by_command(home: Path) -> None:
    async with bench(home, settings={"streaming": "edits"}) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        for stop in ("button", "command"):
            dictation = bot.author.dictation = asyncio.Queue()
            await chat.says(alice, "/chat write")
            for word in ("so ", "far ", "so "):
                dictation.put_nowait(word)
            await bot.server.until(lambda: chat.shown()[-1].buttons == (("⏹ Stop",),))
            message = chat.chat.messages[max(chat.chat.messages)]
            if stop == "button":
                assert await (await chat.presses(alice, message, "Stop")).answered() == "Stopped."
            else:
                await chat.says(alice, "/stop")
            await bot.server.until(partial(_says, message, "so far so\n\n(stopped)"))


async def test_another_answer_takes_the_place_of_the_first(home: Path) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", alice, bo)
        bot.author.pieces = ["the first"]
        await shop.says(alice, "/chat write")
        first = await shop.answer()
        assert "Only the person" in await (await shop.presses(bo, first.last, "🔄")).answered()
        bot.author.pieces = ["the second"]
        press = await shop.presses(alice, first.last, "🔄")
        assert await press.answered() == ""
        second = await shop.answer()
        assert (second.text, second.last is first.last) == ("the second", True)
        assert bot.author.requests[-1].attempt == 1


async def test_buttons_say_what_they_offer(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "/language")
        choices = await chat.answer()
        await chat.presses(alice, choices.last, "中文")
        await chat.answer()
        await chat.says(alice, "/help")
        assert "命令" in (await chat.answer()).text or "知识库" in told(chat)[-1]


async def test_thumbs_up_and_down_are_kept(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "/chat hello")
        answer = await chat.answer()
        assert await (await chat.presses(alice, answer.last, "👍")).answered() == "Thank you!"
        assert await opinions(bot) == [("You said: hello", Opinion.GOOD)]
        await chat.presses(alice, answer.last, "👎")
        await eventually(lambda: _is(bot, [("You said: hello", Opinion.BAD)]))


def _says(message: Message, text: str) -> bool:
    return message.text == text


async def _is(bot: Bench, expected: list[tuple[str, Opinion]]) -> bool:
    return await opinions(bot) == expected


async def test_a_reaction_to_an_answer_is_an_opinion(home: Path) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        forum = bot.server.supergroup("Shop", alice, bo, forum=True)
        for place in (forum.topic("Orders"), alice.private_chat()):
            await place.says(alice, "/chat hello")
            answer = await place.answer()
            await place.reacts(bo if place.thread else alice, answer.last, "👎")
            expected = [("You said: hello", Opinion.BAD)] * (1 if place.thread else 2)
            await eventually(partial(_is, bot, expected))
        await place.reacts(alice, answer.last, "🎉")
        await place.reacts(alice, answer.last, "👍")
        await eventually(lambda: _is(bot, [("You said: hello", Opinion.GOOD), ("You said: hello", Opinion.BAD)]))


async def test_an_expired_button_says_so(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice", language_code="zh-hans")
        chat = alice.private_chat()
        await chat.says(alice, "/chat 你好")
        answer = await chat.answer()
        assert answer.last.markup is not None
        answer.last.markup["inline_keyboard"][0][0]["callback_data"] = "v0:of-another-age"
        assert "失效" in await (await chat.presses(alice, answer.last, "🔄")).answered()


async def test_a_press_that_telegram_has_forgotten_harms_nobody(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await chat.says(alice, "/chat hello")
        answer = await chat.answer()
        press = await chat.presses(alice, answer.last, "👍")
        press.expires()
        await bot.server.called("answerCallbackQuery")
        await chat.says(alice, "/chat still there?")
        assert (await chat.answer()).text == "You said: still there?"


async def test_a_question_is_acknowledged_by_eyes_until_it_is_answered(home: Path) -> None:
    async with bench(home, settings={"reactions": True}) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        bot.author.held = True
        question = await chat.says(alice, "/chat hello")
        await bot.server.until(lambda: question.reactions == ["👀"])
        bot.author.go()
        await chat.answer()
        await bot.server.until(lambda: question.reactions == [])


async def test_a_place_that_is_shared_live_is_not_commented_on(home: Path) -> None:
    """Telegram tells of each step as an edit of the message."""
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        shared = (await chat.says(alice, "/chat one")).to_json()
        await chat.answer()
        location = {"latitude": 1.0, "longitude": 2.0, "live_period": 600}
        shared = {key: value for key, value in shared.items() if key not in {"text", "entities"}}
        bot.server.raw_update({"edited_message": shared | {"message_id": 77, "location": location}})
        await chat.says(alice, "/chat two")
        await bot.server.until(lambda: told(chat)[-1] == "You said: two")
        assert told(chat) == ["You said: one", "You said: two"]


async def test_nobody_is_forgotten_by_the_button_under_another_ones_question(home: Path) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        shop = bot.server.supergroup("Shop", alice, bo)
        await shop.says(bo, "/chat remember me")
        await shop.answer()
        await shop.says(alice, "/forget@parley_bot")
        asked = await shop.answer()
        label = asked.last.buttons[-1][0]
        pressed = await shop.presses(bo, asked.last, label)
        assert await pressed.answered() == "Only the person who asked can do that."
        await shop.presses(alice, asked.last, label)
        await shop.answer()
        assert [turn.text for turn in await bot.turns()] == ["/chat remember me", "/forget everything yes"]
