"""Slash commands, the Apps menu, buttons and menus, with the real client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.channels.discord.interactions import Interactions
from bot.delivery.ports import Shown
from bot.domain import Opinion
from tests.support.discord_bench import bench, eventually


async def test_ask_is_deferred_at_once_and_answered_in_place(tmp_path: Path) -> None:
    async with bench(tmp_path, stocked=True) as shop:
        used = await shop.alice.slash("ask", channel=shop.support, question="How long does a refund take?")
        answer = await used.answer()
        assert answer.text == "The refund is paid within 5 working days."
        assert not answer.ephemeral
        assert answer.embeds[0]["title"] == "Sources"
        assert {"👍", "👎"} <= {label.strip() for label in answer.buttons}


async def test_a_slow_answer_does_not_miss_discords_three_seconds(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three."], True
        used = await shop.alice.slash("chat", channel=shop.support, text="slowly")
        assert used.response.kind == 5 and not used.response.failed
        await eventually(lambda: used.response.text)
        assert used.response.text.startswith("One")
        shop.author.go()
        assert (await used.answer()).text == "One two three."


async def test_questions_and_languages_are_suggested_while_typing(tmp_path: Path) -> None:
    async with bench(tmp_path, stocked=True) as shop:
        found = await shop.alice.autocomplete("ask", channel=shop.support, question="How long does a refund")
        assert "How long does a refund take?" in [each["name"] for each in found]
        assert await shop.alice.autocomplete("ask", channel=shop.support, question="") == []
        languages = await shop.alice.autocomplete("translate", channel=shop.support, language="ger")
        assert {"name": "German (Deutsch)", "value": "de"} in languages


async def test_what_is_about_a_person_is_for_their_eyes_only(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        for command in ("language", "privacy", "settings", "help", "forget"):
            used = await shop.alice.slash(command, channel=shop.support)
            assert [message.ephemeral for message in await used.answers()] == [True], command
        assert shop.support.shown() == []


async def test_a_file_of_ones_data_is_private_too(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        used = await shop.alice.slash("export", channel=shop.support)
        await eventually(lambda: len(used.response.followups) == 1)
        told, file = await used.answers()
        assert (told.ephemeral, file.ephemeral) == (True, True)
        assert file.attachments[0].filename.startswith("parley-export-")


async def test_the_last_messages_are_summarised(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        for number in range(5):
            await shop.support.says(shop.bob, f"Message {number}.")
        used = await shop.alice.slash("summarise", channel=shop.support, messages=3)
        await used.answers()
        assert shop.turns()[0].origin.quoted == "Bob: Message 2.\nBob: Message 3.\nBob: Message 4."


async def test_a_thread_is_summarised_as_a_whole(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        thread = await shop.support.thread(shop.alice, "long talk")
        for number in range(60):
            await thread.says(shop.bob, f"Message {number}.")
        await (await shop.alice.slash("summarise", channel=thread)).answers()
        assert len(shop.turns()[0].origin.quoted.splitlines()) == 60


async def test_who_may_not_read_a_channel_does_not_get_it_summarised(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.support.says(shop.bob, "A secret.")
        shop.support.overwrite(shop.alice, deny=1 << 16)
        used = await shop.alice.slash("summarise", channel=shop.support)
        assert "Read Message History" in (await used.answer()).text
        assert shop.turns() == []


@pytest.mark.parametrize(
    ("entry", "text", "quoted", "private"),
    [
        ("Translate", "/translate", "The lift is out of order.", True),
        ("Summarise", "/summarise", "The lift is out of order.", True),
        ("Answer this", "/ask The lift is out of order.", "", False),
    ],
)
async def test_the_apps_menu_of_a_message(tmp_path: Path, entry: str, text: str, quoted: str, private: bool) -> None:
    async with bench(tmp_path) as shop:
        message = await shop.support.says(shop.bob, "The lift is out of order.")
        used = await shop.alice.context_menu(entry, message)
        assert (await used.answers())[0].ephemeral is private
        turn = shop.turns()[0]
        assert (turn.text, turn.origin.quoted) == (text, quoted)


async def test_managers_teach_by_file_or_by_menu_and_others_are_told(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        manager = shop.guild.role("manager")
        shop.guild.joins(shop.alice, roles=[manager])
        shop.settings = {"managers": [manager.id]}
        await shop.start()
        file = ("lift.md", b"# Lift\n\nThe lift is repaired by Otis.")
        learned = await shop.alice.slash("learn", channel=shop.support, file=file)
        assert "Lift" in (await learned.answer()).text
        message = await shop.support.says(shop.bob, "The caretaker lives on the first floor.")
        taught = await shop.alice.context_menu("Add to knowledge base", message)
        await taught.answer()
        assert sorted(shop.shelf.ids()) == [f"discord-{message.id}", "lift"]
        hit = (await shop.shelf.knowledge.search("Where does the caretaker live?", 1)).hits[0]
        assert hit.document.title == "The caretaker lives on the first floor."
        refused = await shop.bob.context_menu("Add to knowledge base", message)
        assert "admin" in (await refused.answer()).text
        undone = await shop.alice.presses((await taught.answers())[0], "Undo")
        await eventually(lambda: undone.response.followups)
        assert shop.shelf.ids() == ["lift"]


async def test_buttons_work_after_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        answer = await shop.ask("/chat hello")
        await shop.stop()
        await shop.start()
        pressed = await shop.alice.presses(answer, "👍")
        assert pressed.response.kind == 6
        await eventually(lambda: pressed.response.followups)
        assert pressed.response.followups[0].ephemeral
        given = await shop.storage.read(lambda work: work.opinions.list())
        assert [(each.turn_id, each.opinion) for each in given] == [(shop.turns()[0].id, Opinion.GOOD)]
        shop.author.pieces = ["Another answer."]
        await shop.alice.presses(answer, next(each for each in answer.buttons if "🔄" in each))
        await eventually(lambda: answer.text == "Another answer.")
        assert len(shop.alice.dm().bot_messages()) == 1


async def test_another_answer_to_a_command_stays_in_place(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        used = await shop.alice.slash("chat", channel=shop.support, text="hello")
        answer = await used.answer()
        shop.author.pieces = ["Another answer."]
        await shop.alice.presses(answer, next(each for each in answer.buttons if "🔄" in each))
        await eventually(lambda: answer.text == "Another answer.")
        assert [each.text for each in shop.support.shown()] == ["Another answer."]


async def test_others_may_not_have_another_answer(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        answer = await shop.ask(f"{shop.me} hello", where=shop.support)
        pressed = await shop.bob.presses(answer, next(each for each in answer.buttons if "🔄" in each))
        await eventually(lambda: pressed.response.followups)
        assert pressed.response.followups[0].ephemeral
        assert len(shop.turns()) == 1


async def test_an_answer_is_stopped_by_its_button(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three ", "four"], True
        await shop.support.says(shop.alice, f"{shop.me} count")
        answer = await eventually(lambda: next(iter(shop.support.bot_messages()), None))
        await eventually(lambda: answer.buttons)
        await shop.alice.presses(answer, answer.buttons[0])
        await eventually(lambda: "(stopped)" in answer.text)
        assert answer.text.startswith("One two")


async def test_an_old_button_says_that_it_has_expired(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        answer = await shop.ask("hello")
        shop.storage._state.turns.clear()
        pressed = await shop.alice.presses(answer, "👍")
        await eventually(lambda: pressed.response.followups)
        (told,) = pressed.response.followups
        assert (told.text, told.ephemeral) == ("This button has expired.", True)


async def test_names_and_descriptions_are_there_in_chinese(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        registered = shop.server.world.commands[None].values()
        assert len(registered) == 21
        for command in registered:
            slash = command.get("type", 1) == 1
            described = [command, *command.get("options", ())] if slash else []
            for each in (command, *described):
                assert re.search(r"[一-龥]", each["name_localizations"]["zh-CN"]), each["name"]
            for each in described:
                assert re.search(r"[一-龥]", each["description_localizations"]["zh-CN"]), each["name"]
        options = {command["name"]: command.get("options", []) for command in registered}
        assert [option["type"] for option in options["summarise"]] == [4, 3]  # a number, a text
        assert options["learn"][0]["type"] == 11  # a file
        assert "总是回答" in {choice["name_localizations"]["zh-CN"] for choice in options["settings"][0]["choices"]}


async def test_many_choices_are_a_menu_that_survives_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"managers": [shop.alice.id]}
        await shop.start()
        used = await shop.alice.slash("settings", channel=shop.support)
        shown = await used.answer()
        await shop.stop()
        await shop.start()
        chosen = await shop.alice.selects(shown, "Always")
        await eventually(lambda: chosen.response.followups)
        assert chosen.response.followups[0].ephemeral
        values = await shop.storage.read(lambda work: work.conversations.values(shop.turns()[0].conversation_id))
        assert values == {"answer": "always"}


async def test_where_parley_is_denied_a_command_says_so(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"deny_channels": [shop.support.id]}
        await shop.start()
        used = await shop.alice.slash("ask", channel=shop.support, question="hello")
        assert (await used.answer()).text == "I do not answer here."
        assert used.response.ephemeral and shop.turns() == []


async def test_a_command_with_nothing_to_do_does_not_think_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Interactions, "settle", 0.05)
    async with bench(tmp_path) as shop:
        nothing = await shop.alice.slash("stop", channel=shop.support)
        assert (await nothing.answer()).text
        shop.author.pieces, shop.author.held = ["One ", "two ", "three."], True
        await shop.support.says(shop.alice, f"{shop.me} count")
        await eventually(lambda: shop.author.requests)
        stopping = await shop.alice.slash("stop", channel=shop.support)
        await eventually(lambda: stopping.response.message and stopping.response.message.deleted)
        assert "(stopped)" in (await shop.support.answer()).text


async def test_after_a_quarter_of_an_hour_the_answer_is_a_plain_message(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.author.pieces, shop.author.held = ["One ", "two ", "three."], True
        await shop.alice.slash("chat", channel=shop.support, text="slowly")
        await eventually(lambda: shop.author.requests)
        for interaction in shop.server.world.interactions.values():
            interaction.created -= 16 * 60
        shop.author.go()
        await eventually(lambda: [each.text for each in shop.support.shown()][-1:] == ["One two three."])


async def test_a_private_answer_that_comes_too_late_goes_to_the_person_alone(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        used = await shop.alice.slash("privacy", channel=shop.support)
        await used.answer()
        used.created -= 16 * 60
        turn = shop.turns()[0]
        outlet = shop.channel.outlet(turn.conversation_id, turn.origin)
        await outlet.send(outlet.render(Shown("For your eyes only.", private=True))[0], "nonce")
        assert [each.text for each in shop.alice.dm().bot_messages()] == ["For your eyes only."]
        assert shop.support.shown() == []
