"""Options and messages that do not read as one might think."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.channels.discord import patience
from bot.errors import StorageError
from tests.channels.discord.test_talking import silent
from tests.support.discord_bench import bench, eventually
from tests.support.warmed import dictionary


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("ask", {"question": "/forget everything yes"}, "/ask /forget everything yes"),
        ("ask", {"question": "   "}, "/ask"),
        ("chat", {"text": "one\n\ntwo"}, "/chat one\n\ntwo"),
        ("chat", {"text": "好" * 4000}, "/chat " + "好" * 4000),
        ("translate", {"language": "zh", "text": "/pair 123"}, "/translate zh /pair 123"),
        ("translate", {"language": "Scottish Gaelic", "text": "tea"}, "/translate gd tea"),
        ("translate", {"language": "German (Deutsch)", "text": "tea"}, "/translate de tea"),
        ("classify", {"labels": "urgency: high, urgency: low", "text": "a: b"},
         "/classify urgency high, urgency low: a: b"),
        ("write", {"kind": "mail: short", "notes": "late: sorry"}, "/write mail short: late: sorry"),
    ],
)  # fmt: skip
async def test_options_say_what_they_say(tmp_path: Path, command: str, options: dict[str, Any], said: str) -> None:
    dictionary()
    async with bench(tmp_path) as shop:
        used = await shop.alice.slash(command, channel=shop.support, **options)
        await used.answers()
        assert [turn.text for turn in shop.turns()] == [said]


async def test_a_picture_without_words_is_not_talk_to_parley(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"channels": [shop.support.id]}
        await shop.start()
        answer = await shop.ask("hello", where=shop.support)
        await shop.support.says(shop.alice, "", files={"cat.png": b"not text"})
        await shop.support.replies(shop.alice, answer, "")
        await silent(shop)
        assert "Hello! I am Parley" in (await shop.ask(shop.me, where=shop.support)).text


async def test_a_database_that_is_away_is_told_and_does_not_leave_parley_thinking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "LONGEST", 0.0)
    async with bench(tmp_path) as shop:

        async def away(*_: object) -> None:
            raise StorageError("The database is away.")

        monkeypatch.setattr(shop.reception, "receive", away)
        used = await shop.alice.slash("ask", channel=shop.support, question="hello")
        told = await eventually(lambda: used.response.followups and used.response.followups[0])
        assert told.text.startswith("Something went wrong") and told.ephemeral


async def test_a_disk_that_takes_no_file_does_not_swallow_the_message(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        (shop.home / "incoming").write_text("no folder")
        await shop.alice.dm().says(shop.alice, "/chat hello", files={"notes.md": b"text"})
        assert (await shop.alice.dm().answer()).text == "You said: hello"


async def test_a_command_that_breaks_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"managers": [shop.alice.id]}
        await shop.start()
        (shop.home / "incoming").write_text("no folder")
        message = await shop.support.says(shop.bob, "The caretaker lives on the first floor.")
        used = await shop.alice.context_menu("Add to knowledge base", message)
        told = await eventually(lambda: used.response.followups and used.response.followups[0])
        assert told.text.startswith("Something went wrong") and told.ephemeral
        assert [each.name for each in caplog.records if each.levelname == "ERROR"] == ["bot.channels.discord.client"]
    caplog.clear()


async def test_personas_are_suggested_while_typing(tmp_path: Path) -> None:
    async with bench(tmp_path, personas=["Tutor", "Writer", "x" * 120]) as shop:
        found = await shop.alice.autocomplete("persona", channel=shop.support, name="tu")
        assert [each["value"] for each in found] == ["Tutor"]
        everything = await shop.alice.autocomplete("persona", channel=shop.support, name="")
        assert [each["value"] for each in everything] == ["Tutor", "Writer"]


async def test_help_names_no_command_that_is_not_in_the_list(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"managers": [shop.alice.id]}
        await shop.start()
        told = (await (await shop.alice.slash("help", channel=shop.support)).answer()).text
        named = set(re.findall(r"^[-•] </(\w+):(\d+)>", told, re.MULTILINE))
        there = {(command["name"], command["id"]) for command in shop.server.world.commands[None].values()}
        assert len(named) == len(re.findall(r"^[-•] ", told, re.MULTILINE)) > 10
        assert {"ask", "learn"} <= {name for name, _ in named}
        assert named <= there


async def test_commands_that_are_named_can_be_clicked_and_are_read_as_words(tmp_path: Path) -> None:
    """A person whose Discord is Chinese knows /ask as /提问: the link shows it so."""
    async with bench(tmp_path) as shop:
        await shop.stop()
        await shop.start()  # the commands are there already
        ids = {command["name"]: command["id"] for command in shop.server.world.commands[None].values()}
        shop.author.pieces = ["Try /help, `/help`, http://a.example/help, /nonsense or (/ask)."]
        answer = await shop.ask("how?")
        assert answer.text == (
            f"Try </help:{ids['help']}>, `/help`, http://a.example/help, /nonsense or (</ask:{ids['ask']}>)."
        )
        await shop.alice.dm().replies(shop.alice, answer, "and then?")
        await shop.kept(2)
        assert "Try /help, `/help`" in shop.turns()[-1].origin.quoted
