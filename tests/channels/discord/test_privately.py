"""What concerns one person alone is not shown to the channel, and is nobody else's to press."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.discord.interactions import Interactions
from bot.delivery.access import AccessOptions
from tests.support.discord_bench import bench, eventually


async def test_a_limit_is_told_to_the_one_who_met_it(tmp_path: Path) -> None:
    async with bench(tmp_path, access=AccessOptions(per_minute=1)) as shop:
        first = await shop.alice.slash("chat", channel=shop.support, text="one")
        assert not (await first.answer()).ephemeral
        second = await shop.alice.slash("chat", channel=shop.support, text="two")
        told = await eventually(lambda: second.response.followups and second.response.followups[0])
        assert told.ephemeral and "a minute" in told.text
        assert [each.text for each in shop.support.shown()] == ["You said: one"]


async def test_a_pairing_code_is_not_shown_to_the_channel(tmp_path: Path) -> None:
    async with bench(tmp_path, access=AccessOptions(policy="pairing", per_minute=0)) as shop:
        used = await shop.alice.slash("chat", channel=shop.support, text="hello")
        told = await eventually(lambda: used.response.followups and used.response.followups[0])
        assert told.ephemeral and "/pair" in told.text
        assert shop.support.shown() == []


async def test_why_nothing_is_summarised_is_told_to_the_one_who_asked(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        used = await shop.alice.slash("summarise", channel=shop.support)
        told = await eventually(lambda: used.response.followups and used.response.followups[0])
        assert told.ephemeral and told.text == "There is no text that I could work on."
        assert shop.support.shown() == []


async def test_nobody_deletes_their_own_words_by_anothers_button(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.ask(f"{shop.me} remember me", shop.bob, shop.support)
        asked = await shop.ask(f"{shop.me} /forget", shop.alice, shop.support)
        pressed = await shop.bob.presses(asked, "Yes, delete it here")
        await eventually(lambda: pressed.response.followups)
        assert pressed.response.followups[0].text == "Only the person who asked can do that."
        assert "remember me" in [turn.text for turn in shop.turns()]
        hers = await shop.alice.presses(asked, "Yes, delete it here")
        await eventually(lambda: hers.response.followups)
        assert hers.response.followups[0].text.startswith("I have deleted")


@pytest.mark.parametrize("access", [AccessOptions(policy="allowlist"), AccessOptions(policy="pairing")])
async def test_who_is_not_let_in_is_not_told_what_the_knowledge_base_holds(
    tmp_path: Path, access: AccessOptions
) -> None:
    async with bench(tmp_path, stocked=True, start=False, access=access) as shop:
        shop.settings = {"managers": [shop.bob.id]}
        await shop.start()
        offered = [
            await person.autocomplete("ask", channel=shop.support, question="How long does a refund")
            for person in (shop.alice, shop.bob)
        ]
        assert [bool(choices) for choices in offered] == [False, True]


@pytest.mark.parametrize("how", ["ban", "allowlist"])
async def test_for_who_is_not_let_in_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(Interactions, "settle", 0.01)
    async with bench(tmp_path, start=False) as shop:
        banned = frozenset({f"discord:{shop.alice.id}"}) if how == "ban" else frozenset()
        shop.access = AccessOptions(policy="open" if how == "ban" else "allowlist", ban=banned)
        await shop.start()
        picture = await shop.support.says(shop.bob, "", files={"cat.png": b"not text"})
        uses = [await shop.alice.slash("summarise", channel=shop.support)]
        for entry in ("Translate", "Summarise", "Answer this", "Add to knowledge base"):
            uses.append(await shop.alice.context_menu(entry, picture))
        for used in uses:
            message = used.response.message
            await eventually(lambda message=message: message is None or message.deleted or not message.loading)
        told = {text for used in uses for text in used.response.texts() if text}
        assert all("only answer people" in text for text in told)
        assert bool(told) is (how == "allowlist")
        assert not shop.server.calls("GET", "/channels/*/messages")
        assert not shop.turns()


async def test_a_strangers_files_are_not_fetched(tmp_path: Path) -> None:
    async with bench(tmp_path, access=AccessOptions(policy="allowlist")) as shop:
        await shop.alice.dm().says(shop.alice, "/summarise", files={"notes.md": b"The lift is out of order."})
        assert "only answer people" in (await shop.alice.dm().answer()).text
        assert not (shop.home / "incoming").exists()


async def test_where_parley_is_denied_nothing_is_suggested(tmp_path: Path) -> None:
    async with bench(tmp_path, stocked=True, start=False) as shop:
        shop.settings = {"deny_channels": [shop.support.id]}
        await shop.start()
        assert await shop.alice.autocomplete("ask", channel=shop.support, question="How long does a refund") == []


async def test_anybody_may_press_a_question_to_begin_with(tmp_path: Path) -> None:
    async with bench(tmp_path, stocked=True, default_skill="answer") as shop:
        greeting = await shop.ask(f"{shop.me}", shop.alice, shop.support)
        await shop.bob.presses(greeting, greeting.buttons[0])
        await shop.kept(2)
        assert shop.turns()[-1].user_id != shop.turns()[0].user_id
