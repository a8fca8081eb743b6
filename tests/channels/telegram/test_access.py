"""Who is let in: the banned get silence, strangers a code, and who asks too much a friendly sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.access import AccessOptions
from tests.support.telegram_bench import Bench, bench
from tests.support.telegram_server import Person, Place

PHOTO = {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]}


async def restarted(bot: Bench, **settings: Any) -> None:
    await bot.stop()
    bot.settings = settings
    await bot.start()


async def everything(bot: Bench, person: Person, place: Place) -> None:
    """All that a person can do in a private chat."""
    said = await place.says(person, "/chat hello")
    for text in ("/stop", "/start", "/nonsense", "x" * 9000):
        await place.says(person, text)
    await place.edits(said, "/chat hello again")
    await person.sends_document(place, "cards.md", b"# Gift cards")
    await person.sends_document(place, "cards.md", b"# Gift cards", caption="/learn")
    await person.sends_document(place, "big.md", b"x" * 1_000_001, caption="/summarise")
    message = {key: value for key, value in said.to_json().items() if key != "text"}
    bot.server.raw_update({"message": message | {"message_id": 900} | PHOTO})


async def test_the_banned_get_silence_whatever_they_do(home: Path) -> None:
    async with bench(home) as bot:
        mallory, alice = bot.server.person("Mallory"), bot.server.person("Alice")
        chat = mallory.private_chat()
        await chat.says(mallory, "/chat before")
        answer = await chat.answer()
        bot.access = AccessOptions(per_minute=0, ban=frozenset({f"telegram:{mallory.id}"}))
        await restarted(bot, reactions=True)
        await everything(bot, mallory, chat)
        assert await (await chat.presses(mallory, answer.last, "👍")).answered() == ""
        assert await mallory.inline("When is the shop open?") == []
        await alice.private_chat().says(alice, "/chat hello")
        await alice.private_chat().answer()
        assert [shown.text for shown in chat.shown() if shown.author == "Parley"] == ["You said: before"]
        assert not bot.server.calls("setMessageReaction", chat_id=chat.id)
        assert not bot.server.calls("getFile")
        assert len(await bot.turns()) == 2


async def test_strangers_are_told_why_whatever_they_do(home: Path) -> None:
    async with bench(home, access=AccessOptions("allowlist", per_minute=0)) as bot:
        eve, alice = bot.server.person("Eve"), bot.server.person("Alice")
        chat = eve.private_chat()
        await everything(bot, eve, chat)
        assert "let in" in (await chat.answer()).text
        await bot.server.until(lambda: not bot.server.world.updates.pending)
        assert {shown.text[:20] for shown in chat.shown() if shown.author == "Parley"} == {"Sorry, I only answer"}
        assert await alice.inline("When is the shop open?") == []
        (call,) = bot.server.calls("answerInlineQuery")
        assert call.params["button"]["start_parameter"] == "inline"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
async def test_a_stranger_is_let_in_by_a_code_that_an_admin_confirms(home: Path, language: str) -> None:
    async with bench(home, access=AccessOptions("pairing", per_minute=0)) as bot:
        admin, alice = bot.server.person("Admin"), bot.server.person("Alice", language_code=language)
        await restarted(bot, admins=[admin.id])
        chat, office = alice.private_chat(), admin.private_chat()
        await chat.says(alice, "/start")
        told = (await chat.answer()).text
        assert ("配对码" if language == "zh-hans" else "give this code to an admin") in told
        code = re.search(r"/pair ([A-Z2-9]{8})", told)
        assert code is not None
        await chat.says(alice, f"/pair {code[1]}")  # nobody lets themselves in
        assert code[1] in (await chat.answer()).text
        await office.says(admin, f"/pair {code[1]}")
        assert (await office.answer()).text == "Alice may talk to me now."
        await chat.says(alice, "/chat hello")
        assert (await chat.answer()).text == "You said: hello"


async def test_who_asks_too_much_is_told_so_kindly_and_once(home: Path) -> None:
    async with bench(home, access=AccessOptions(per_minute=2)) as bot:
        alice, wang = bot.server.person("Alice"), bot.server.person("Wang", language_code="zh-hans")
        for person, told in ((alice, "at most 2 messages a minute"), (wang, "每分钟最多回答 2 条")):
            chat = person.private_chat()
            for number in range(2):
                await chat.says(person, f"/chat {number} 你好" if person is wang else f"/chat {number}")
                await chat.answer()
            await chat.says(person, "/chat 还有" if person is wang else "/chat more")
            assert told in (await chat.answer()).text
            await chat.says(person, "/chat and more")
        await bot.server.until(lambda: not bot.server.world.updates.pending)
        assert len(bot.server.calls("sendMessage")) == 6
