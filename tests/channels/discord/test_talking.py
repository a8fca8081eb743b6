"""Conversations with the real client: where Parley answers, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.discord.interactions import Interactions
from bot.delivery.access import AccessOptions
from tests.support.discord_bench import Bench, bench, eventually, spoken
from tests.support.phrasebook import TranslatingModels


async def silent(shop: Bench) -> None:
    """Nothing that was said so far is answered: a question after it, in another place, is, and is the only turn."""
    before = len(shop.turns())
    await shop.ask("/chat are you there?", shop.bob)
    assert len(shop.turns()) == before + 1


async def test_a_direct_message_is_answered(tmp_path: Path) -> None:
    async with bench(tmp_path, default_skill="answer", stocked=True) as shop:
        talk = [
            ("How long does a refund take?", "The refund is paid within 5 working days."),
            ("多久之内可以退货？", "签收后30天内可以退货。"),
            ("/chat good evening", "You said: good evening"),
        ]
        for said, answered in talk:
            assert (await shop.ask(said)).text == answered


async def test_in_a_server_a_mention_is_answered_by_a_reply(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.support.says(shop.bob, "does anybody know?")
        question = await shop.support.says(shop.alice, f"{shop.me} hello {shop.bob.mention}")
        answer = await shop.support.answer()
        assert answer.text == "You said: hello @Bob"
        assert answer.reference is question
        assert not answer.pinged


async def test_a_reply_to_parley_is_answered_with_what_it_is_about(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        answer = await shop.ask(f"{shop.me} one", where=shop.support)
        await shop.support.replies(shop.alice, answer, "two", ping=False)
        assert (await shop.support.answer()).text == "You said: two"
        origin = shop.turns()[-1].origin
        assert origin.quoted_ours
        assert origin.quoted.splitlines() == ["Alice: one", "Parley: You said: one"]


async def test_a_chain_of_replies_is_context(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        first = await shop.support.says(shop.bob, "The lift is out of order.")
        second = await shop.support.replies(shop.alice, first, "Since when?")
        third = await shop.support.replies(shop.bob, second, "Since Monday.")
        await shop.support.replies(shop.alice, third, f"{shop.me} who repairs it?")
        await shop.support.answer()
        quoted = shop.turns()[-1].origin.quoted
        assert quoted.splitlines() == ["Bob: The lift is out of order.", "Alice: Since when?", "Bob: Since Monday."]


async def test_a_command_in_a_reply_works_on_that_message_alone(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        first = await shop.support.says(shop.bob, "The lift is out of order.")
        second = await shop.support.replies(shop.bob, first, "Since Monday.")
        await shop.support.replies(shop.alice, second, f"{shop.me} /chat")
        assert (await shop.support.answer()).text == "You said: Since Monday."


async def test_everyone_and_other_roles_are_not_parley(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        helpers = shop.guild.role("helpers")
        await shop.support.says(shop.alice, f"@everyone {helpers.mention} hello")
        await silent(shop)


@pytest.mark.parametrize("place", ["channel", "thread", "forum"])
async def test_configured_places_are_answered_without_a_mention(tmp_path: Path, place: str) -> None:
    async with bench(tmp_path, start=False) as shop:
        forum = shop.guild.forum("help")
        shop.settings = {"channels": [shop.support.id, forum.id]}
        await shop.start()
        if place == "forum":
            where = await forum.post(shop.alice, "Lift", "hello")
        else:
            where = shop.support if place == "channel" else await shop.support.thread(shop.alice, "a thread")
            await where.says(shop.alice, "hello")
        assert (await where.answer()).text == "You said: hello"
        assert shop.turns()[0].conversation_id == f"discord:{shop.server.bot.id}:{where.id}"


async def test_a_keyword_is_answered_in_every_channel(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"keywords": ["refund", "退款"]}) as shop:
        assert (await shop.ask("我要退款", where=shop.support)).text == "You said: 我要退款"
        await shop.support.says(shop.alice, "thanks")
        await silent(shop)


async def test_bots_webhooks_and_system_messages_are_ignored(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"channels": [shop.support.id]}
        await shop.start()
        other = shop.server.person("Other", bot=True)
        shop.guild.joins(other)
        await shop.support.says(other, f"{shop.me} hello")
        await shop.support.webhook_says("Hook", f"{shop.me} hello")
        await shop.support.thread(shop.alice, "a thread")
        await silent(shop)


async def test_a_server_that_is_not_known_yet_is_no_direct_message(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        said = await shop.support.says(shop.alice, "hello")
        shop.server.dispatch("MESSAGE_CREATE", {**said.payload(event=True), "id": "77", "guild_id": "78"})
        shop.server.dispatch("MESSAGE_CREATE", {**said.payload(event=True), "channel_id": "79", "guild_id": "78"})
        await silent(shop)


async def test_a_thread_for_each_question(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"open_threads": True}) as shop:
        question = await shop.support.says(shop.alice, f"{shop.me} who repairs the lift?")
        await eventually(lambda: question.thread)
        thread = question.thread
        assert thread is not None
        answer = await thread.answer(where=spoken)
        assert answer.text == "You said: who repairs the lift?"
        assert thread.name == "who repairs the lift?"
        assert (await shop.ask("and when?", where=thread)).text == "You said: and when?"  # without a mention
        assert {turn.conversation_id for turn in shop.turns()} == {f"discord:{shop.server.bot.id}:{thread.id}"}
        assert shop.support.bot_messages() == []


async def test_without_the_permission_for_threads_the_answer_stays_in_the_channel(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"open_threads": True}) as shop:
        shop.server.fail(
            "POST", "/channels/*/messages/*/threads", status=403, code=50013, message="Missing Permissions"
        )
        assert (await shop.ask(f"{shop.me} hello", where=shop.support)).text == "You said: hello"


async def test_two_people_in_one_channel_are_told_apart(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        for person, said in ((shop.alice, "I am Alice"), (shop.bob, "I am Bob"), (shop.alice, "Who am I?")):
            await shop.ask(f"{shop.me} {said}", person, shop.support)
        history = [message.text for message in shop.author.requests[-1].history]
        assert history == ["I am Alice", "You said: I am Alice"]


async def test_roles_and_channels_that_are_denied_get_silence(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        muted, member = shop.guild.role("muted"), shop.guild.role("member")
        lobby = shop.guild.text_channel("lobby")
        shop.guild.joins(shop.alice, roles=[member])
        shop.guild.joins(shop.bob, roles=[member, muted])
        stranger = shop.server.person("Stranger")
        shop.guild.joins(stranger)
        shop.settings = {"allow_roles": [member.id], "deny_roles": [muted.id], "deny_channels": [lobby.id]}
        await shop.start()
        for person, where in ((shop.bob, shop.support), (stranger, shop.support), (shop.alice, lobby)):
            await where.says(person, f"{shop.me} hello")
        await (await lobby.thread(shop.alice, "in the lobby")).says(shop.alice, f"{shop.me} hello")
        await silent(shop)
        assert (await shop.ask(f"{shop.me} hello", where=shop.support)).text == "You said: hello"


async def test_people_are_allowed_and_denied_by_name_too(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        member = shop.guild.role("member")
        for person in (shop.alice, shop.bob):
            shop.guild.joins(person, roles=[member])
        carol = shop.server.person("Carol")
        shop.guild.joins(carol, roles=[member])
        shop.settings = {"allow_roles": [member.id]}
        allow = frozenset({f"discord:{shop.alice.id}", f"discord:{shop.bob.id}"})
        shop.access = AccessOptions("allowlist", allow=allow, ban=frozenset({f"discord:{shop.alice.id}"}), per_minute=0)
        await shop.start()
        await shop.support.says(shop.alice, f"{shop.me} hello")
        assert "only answer people" in (await shop.ask(f"{shop.me} hello", carol, shop.support)).text
        assert (await shop.ask(f"{shop.me} hello", shop.bob, shop.support)).text == "You said: hello"
        assert len(shop.turns()) == 1


async def test_settings_of_a_channel_go_before_the_operators(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as shop:
        shop.settings = {"managers": [shop.alice.id]}
        await shop.start()
        await shop.ask(f"{shop.me} /settings answer always", where=shop.support)
        assert (await shop.ask("hello", shop.bob, shop.support)).text == "You said: hello"
        await shop.ask(f"{shop.me} /settings answer mention", where=shop.support)
        await shop.support.says(shop.bob, "hello")
        await silent(shop)


async def test_a_banned_person_gets_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Interactions, "settle", 0.01)
    async with bench(tmp_path, start=False) as shop:
        shop.access = AccessOptions(per_minute=0, ban=frozenset({f"discord:{shop.alice.id}"}))
        await shop.start()
        await shop.alice.dm().says(shop.alice, "hello")
        await silent(shop)
        used = await shop.alice.slash("ask", channel=shop.support, question="hello")
        await eventually(lambda: used.response.message is None or used.response.message.deleted)


async def test_a_question_may_be_a_file(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.alice.dm().says(shop.alice, "/chat", files={"notes.md": b"The lift is out of order."})
        assert (await shop.alice.dm().answer()).text == "You said: The lift is out of order."


async def test_a_file_that_is_too_big_is_refused_kindly(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        await shop.alice.dm().says(shop.alice, "", files={"notes.md": b"x" * 1_100_000})
        assert "too big" in (await shop.alice.dm().answer()).text
        assert shop.turns() == []


async def test_a_bilingual_channel_is_translated_message_by_message(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False, models=TranslatingModels()) as shop:
        shop.settings = {"managers": [shop.alice.id]}
        await shop.start()
        set_now = await shop.ask(f"{shop.me} /settings translate en, zh", where=shop.support)
        assert "every message" in set_now.text
        assert (await shop.ask("Good morning!", shop.bob, where=shop.support)).text == "早上好！"
        await shop.support.says(shop.alice, "👍")  # nobody is told what a thumb is in English
        talk = [("我们什么时候见面？", "When do we meet?"), (f"{shop.me} At nine.", "九点。")]
        for said, answered in talk:
            assert (await shop.ask(said, shop.alice, where=shop.support)).text == answered
