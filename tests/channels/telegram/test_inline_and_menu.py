"""Inline questions in any chat, and the command menu."""

from __future__ import annotations

from pathlib import Path

from bot.delivery.access import AccessOptions
from tests.support.telegram_bench import bench


async def test_an_inline_question_is_answered_from_the_knowledge_base(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        found = await alice.inline("When is the shop open?")
        assert found[0]["title"] == "When is the shop open?"
        content = found[0]["input_message_content"]
        assert "nine to six" in content["message_text"]
        assert {"type": "bold", "offset": 0, "length": 22} in content["entities"]
        (call,) = bot.server.calls("answerInlineQuery")
        assert call.params["is_personal"] is True


async def test_while_nothing_is_typed_there_are_questions_to_begin_with(home: Path) -> None:
    async with bench(home) as bot:
        alice, wang = bot.server.person("Alice"), bot.server.person("Wang", language_code="zh-hans")
        assert "open" in " ".join(result["title"] for result in await alice.inline(""))
        assert (await wang.inline(""))[0]["title"] == "怎么开发票？"


async def test_where_nothing_is_found_a_button_leads_to_the_private_chat(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        assert await alice.inline("qwzx vbnm") == []
        (call,) = bot.server.calls("answerInlineQuery")
        assert call.params["button"] == {"text": "Ask me in a private chat", "start_parameter": "inline"}


async def test_strangers_get_nothing_inline(home: Path) -> None:
    async with bench(home, access=AccessOptions(policy="allowlist")) as bot:
        alice = bot.server.person("Alice")
        assert await alice.inline("When is the shop open?") == []


async def test_what_inline_mode_wrote_is_not_answered(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        (result, *_) = await alice.inline("When is the shop open?")
        await alice.chooses(result, chat)
        await chat.says(alice, "/chat hello")
        await chat.answer()
        assert [turn.text for turn in await bot.turns()] == ["/chat hello"]


async def test_the_menu_is_set_in_both_languages_and_only_where_it_changed(home: Path) -> None:
    async with bench(home) as bot:
        await bot.server.called("setMyCommands", times=4)
        menus = bot.server.world.commands
        assert len(menus) == 4
        described = {entry["command"]: entry["description"] for menu in menus.values() for entry in menu}
        assert {"ask", "translate", "summarise", "help", "stop"} <= set(described)
        await bot.stop()
        await bot.start()
        await bot.server.called("getMyCommands", times=8)
        assert len(bot.server.calls("setMyCommands")) == 4
        menus[next(iter(menus))].pop()
        await bot.stop()
        await bot.start()
        await bot.server.called("setMyCommands", times=5)
        await bot.server.called("getMyCommands", times=12)
        assert len(bot.server.calls("setMyCommands")) == 5


async def test_the_bot_works_without_a_menu(home: Path) -> None:
    async with bench(home) as bot:
        await bot.stop()
        bot.server.fail("getMyCommands", code=400)
        await bot.start()
        alice = bot.server.person("Alice")
        await alice.private_chat().says(alice, "/chat hello")
        assert (await alice.private_chat().answer()).text == "You said: hello"
