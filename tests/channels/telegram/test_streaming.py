"""Answers that grow, with all that goes wrong meanwhile."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bot.channels.telegram.timing import PACE
from tests.support.compressed import run_compressed
from tests.support.telegram_bench import Bench, bench, eventually
from tests.support.telegram_server import Person, Place, Shown

WORDS = [f"word{number} " for number in range(20)]
WHOLE = "".join(WORDS).strip()
CODE = "\n".join(f"    value_{number} = compute({number})  # 计算 😀" for number in range(120))
SECTION = "## Part {number}\n\n" + "A sentence with **bold words** in it. " * 8 + "\n\n```python\n" + CODE + "\n```\n\n"
LONG = "".join(SECTION.replace("{number}", str(number)) for number in range(7)).strip()


async def ask(bot: Bench, *, group: bool = False, text: str = "write") -> tuple[Person, Place]:
    alice = bot.server.person("Alice")
    place: Place = bot.server.supergroup("Shop", alice) if group else alice.private_chat()
    await place.says(alice, f"/chat {text}")
    return alice, place


def told(place: Place) -> list[Shown]:
    return [message for message in place.shown() if message.author == "Parley" and not message.draft]


async def finished(bot: Bench, place: Place) -> list[Shown]:
    """The bot's messages when the last one has its last buttons."""
    await bot.server.until(lambda: any("👍" in row for shown in told(place)[-1:] for row in shown.buttons))
    return told(place)


async def test_in_a_private_chat_a_draft_grows_into_a_message(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        _, chat = await ask(bot)
        await bot.server.called("sendMessageDraft")
        (draft,) = [shown for shown in chat.shown() if shown.draft]
        assert WHOLE.startswith(draft.text)
        bot.author.go()
        answer = await chat.answer()
        assert answer.text == WHOLE
        assert answer.buttons == ["🔄", "👍", "👎"]
        assert not bot.server.calls("editMessageText")
        assert not any(shown.draft for shown in chat.shown())


async def test_in_a_group_a_message_grows_by_edits(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        _, shop = await ask(bot, group=True)
        await bot.server.called("sendMessage")
        assert told(shop)[0].buttons == (("⏹ Stop",),)
        bot.author.go()
        (message,) = await finished(bot, shop)
        assert message.text == WHOLE
        assert not bot.server.calls("sendMessageDraft")


async def test_where_drafts_are_refused_edits_are_used_from_then_on(home: Path) -> None:
    async with bench(home) as bot:
        bot.server.fail("sendMessageDraft", code=400, description="Bad Request: method is not available")
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        for number in range(2):
            dictation = bot.author.dictation = asyncio.Queue()
            await chat.says(alice, f"/chat {number}")
            for piece in WORDS[:2]:
                dictation.put_nowait(piece)
            if not number:
                await bot.server.called("sendMessageDraft")
            dictation.put_nowait(WORDS[2])
            await bot.server.until(lambda: told(chat) and told(chat)[-1].buttons == (("⏹ Stop",),))
            dictation.put_nowait(None)
            assert (await finished(bot, chat))[-1].text == "".join(WORDS[:3]).strip()
        assert len(bot.server.calls("sendMessageDraft")) == 1


@pytest.mark.parametrize(("streaming", "drafts", "edits"), [("edits", False, True), ("off", False, False)])
async def test_how_it_grows_is_a_setting(home: Path, streaming: str, drafts: bool, edits: bool) -> None:
    async with bench(home, settings={"streaming": streaming}) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        _, chat = await ask(bot)
        if edits:
            await bot.server.called("sendMessage")
        else:
            await bot.server.until(lambda: bot.author.requests)
            await chat.silence(0.1)
        bot.author.go()
        (message,) = await finished(bot, chat)
        assert message.text == WHOLE
        assert bool(bot.server.calls("sendMessageDraft")) is drafts
        assert bool(bot.server.calls("editMessageText")) is edits


@pytest.mark.parametrize("group", [False, True], ids=["private", "group"])
async def test_nothing_of_a_long_answer_is_cut(home: Path, group: bool) -> None:
    assert len(LONG) > 30_000
    async with bench(home) as bot:
        bot.author.pieces = [LONG[start : start + 400] for start in range(0, len(LONG), 400)]
        _, place = await ask(bot, group=group)
        parts = await finished(bot, place)
        assert all(len(part.text.encode("utf-16-le")) <= 2 * 4096 for part in parts)
        whole = "\n".join(part.text for part in parts)
        assert whole.count("value_119 = compute(119)") == 7
        assert [f"Part {number}" in whole for number in range(7)] == [True] * 7
        for line in CODE.splitlines():
            assert whole.count(line.strip()) == 7
        assert all(any(entity["type"] == "pre" for entity in part.entities) for part in parts if "compute" in part.text)
        assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]


async def test_flood_control_delays_the_answer_and_never_cuts_it(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces = WORDS
        bot.server.fail("sendMessageDraft", times=2, retry_after=1)
        bot.server.fail("sendMessage", times=2, retry_after=1)
        _, chat = await ask(bot)
        (message,) = await finished(bot, chat)
        assert message.text == WHOLE
        first, second, third = (call.at for call in bot.server.calls("sendMessage"))
        assert second - first >= 1
        assert third - second >= 1


async def test_flood_control_during_edits_loses_no_final_text(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        bot.server.fail("editMessageText", times=2, retry_after=1)
        _, shop = await ask(bot, group=True)
        await bot.server.called("sendMessage")
        bot.author.go()
        (message,) = await finished(bot, shop)
        assert message.text == WHOLE


@pytest.mark.parametrize("group", [False, True], ids=["private", "group"])
def test_under_telegrams_own_limits_nothing_is_refused(home: Path, group: bool) -> None:
    async def talk() -> None:
        async with bench(home, pace=PACE) as bot:
            bot.server.world.flood.on = True
            alice = bot.server.person("Alice")
            place: Place = bot.server.supergroup("Shop", alice) if group else alice.private_chat()
            for number in range(12):  # as fast as Alice can read, for about a minute
                dictation = bot.author.dictation = asyncio.Queue()
                await place.says(alice, f"/chat {number}")
                for piece in WORDS:
                    dictation.put_nowait(piece)
                    await asyncio.sleep(0.2)
                dictation.put_nowait(None)
                await bot.server.until(partial(as_many, place, number + 1), 60.0)
            assert whole(place) == [WHOLE] * 12
            assert not bot.server.refused

    run_compressed(talk(), speed=20.0)


def as_many(place: Place, count: int) -> bool:
    return len(whole(place)) == count


def whole(place: Place) -> list[str]:
    return [message.text for message in told(place) if any("👍" in row for row in message.buttons)]


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "*"])
async def test_a_broken_connection_is_tried_again(home: Path, method: str) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        _, shop = await ask(bot, group=True)
        await bot.server.called("sendMessage")
        bot.server.cut(method, times=2)
        bot.author.go()
        (message,) = await finished(bot, shop)
        assert message.text == WHOLE


async def test_a_connection_that_breaks_at_the_first_words_is_tried_again(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces = WORDS
        bot.server.cut("sendMessage", times=2)
        _, shop = await ask(bot, group=True)
        (message,) = await finished(bot, shop)
        assert message.text == WHOLE


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("meanwhile", [False, True], ids=["alone", "with others"])
async def test_an_answer_whose_sending_is_in_doubt_comes_once(home: Path, times: int, meanwhile: bool) -> None:
    async with bench(home) as bot:
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        chat, other = alice.private_chat(), bo.private_chat()
        await chat.says(alice, "/chat before")
        await chat.answer()
        bot.author.pieces = WORDS
        bot.server.fail("sendMessage", times=1, after_effect=True, fits=lambda call: call.chat_id == chat.id)
        bot.server.cut("editMessageText", times=times - 1) if times > 1 else None
        await chat.says(alice, "/chat write")
        if meanwhile:
            await other.says(bo, "/chat write")
        await eventually(lambda: told(chat)[-1].text == WHOLE and not bot.reception._answering._presented)
        assert [message.text for message in told(chat)] == ["You said: before", WHOLE]
        assert [message.text for message in told(other)] == [WHOLE] * meanwhile


async def test_markup_that_telegram_refuses_is_sent_plain(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces = ["**bold** and `code`"]
        bot.server.fail("sendMessage", code=400, description="Bad Request: can't parse entities: unsupported")
        _, chat = await ask(bot)
        (message,) = await finished(bot, chat)
        assert (message.text, message.entities) == ("bold and code", ())


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold** and `code`", "bold and code"),
        ("**never closed and `neither this", "**never closed and `neither this"),
        ("[a link](javascript:alert(1))", "a link"),
        ("a < b && c > d <script>", "a < b && c > d <script>"),
        ("```\nno end of code", "no end of code"),
    ],
)
async def test_broken_markup_stays_readable(home: Path, markdown: str, text: str) -> None:
    async with bench(home) as bot:
        bot.author.pieces = [markdown]
        _, chat = await ask(bot)
        (message,) = await finished(bot, chat)
        assert text in message.text


async def test_a_remark_stands_below_in_italics(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.notice = ["Text 😀"], "Only in _Chinese_."
        _, chat = await ask(bot)
        (message,) = await finished(bot, chat)
        assert message.text == "Text 😀\n\nOnly in _Chinese_."
        assert {"type": "italic", "offset": 9, "length": 18} in list(message.entities)


async def test_the_answer_comes_anew_where_its_message_was_deleted(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        _, shop = await ask(bot, group=True)
        await bot.server.called("sendMessage")
        shop.deletes(next(message for message in shop.chat.messages.values() if message.author.is_bot))
        bot.author.go()
        (message,) = await finished(bot, shop)
        assert message.text == WHOLE


async def test_the_answer_comes_without_quotation_where_the_question_was_deleted(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        alice = bot.server.person("Alice")
        shop = bot.server.supergroup("Shop", alice)
        question = await shop.says(alice, "/chat write")
        shop.deletes(question)
        bot.author.go()
        (message,) = await finished(bot, shop)
        assert (message.text, message.reply_to) == (WHOLE, None)


async def test_typing_is_shown_while_the_answer_is_made(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = ["thinking ", "done"], True
        _, chat = await ask(bot)
        await bot.server.called("sendChatAction")
        bot.author.go()
        assert (await finished(bot, chat))[0].text == "thinking done"


async def test_who_blocks_the_bot_stops_nothing(home: Path) -> None:
    async with bench(home) as bot:
        bot.author.pieces, bot.author.held = WORDS, True
        alice, chat = await ask(bot)
        await bot.server.until(lambda: bot.author.requests)
        alice.blocks_bot()
        bot.author.go()
        bo = bot.server.person("Bo")
        other = bo.private_chat()
        bot.author.pieces = ["for Bo"]
        await other.says(bo, "/chat hello")
        assert (await finished(bot, other))[0].text == "for Bo"
        assert told(chat) == []
