"""The Discord server for tests, as the real discord.py sees it: messages, files, threads, permissions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest

from tests.support.discord_server import DiscordServer, Permission
from tests.support.discord_server.client import a_client, points_at
from tests.support.discord_server.shop import TOKEN, Shop, a_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with a_shop() as made:
        yield made


async def test_a_message_reaches_the_client_with_its_author_and_roles(shop: Shop) -> None:
    role = shop.guild.role("manager", permissions=Permission.MANAGE_GUILD)
    shop.guild.joins(shop.alice, roles=[role], nick="Ali")
    heard = await shop.hears(f"{shop.server.bot.mention} hello {role.mention} {shop.bob.mention}")
    assert isinstance(heard.author, discord.Member)
    assert (heard.author.id, heard.author.display_name) == (shop.alice.id, "Ali")
    assert [one.name for one in heard.author.roles] == ["@everyone", "manager"]
    assert {one.id for one in heard.mentions} == {shop.server.bot.id, shop.bob.id}
    assert [one.id for one in heard.role_mentions] == [role.id]
    assert heard.guild is not None and heard.guild.name == "Shop"
    assert abs(discord.utils.utcnow() - heard.created_at) < timedelta(minutes=1)


async def test_send_edit_and_delete_are_shown(shop: Shop) -> None:
    sent = await shop.channel().send("one")
    await sent.edit(content="two")
    assert [(one.text, one.edited) for one in shop.support.shown()] == [("two", True)]
    assert shop.support.messages[0].versions == ["one", "two"]
    await sent.delete()
    assert shop.support.shown() == []
    with pytest.raises(discord.NotFound) as gone:
        await sent.edit(content="three")
    assert gone.value.code == 10008


async def test_the_answer_is_the_message_that_no_longer_changes(shop: Shop) -> None:
    sent = await shop.channel().send("a")
    await sent.edit(content="ab")
    assert (await shop.support.answer()).text == "ab"
    with pytest.raises(AssertionError, match="did not come"):
        await shop.support.answer(within=0.05)


async def test_edits_and_deletions_by_people_come_as_events(shop: Shop) -> None:
    edits, deletions = shop.listens("raw_message_edit"), shop.listens("raw_message_delete")
    message = await shop.support.says(shop.alice, "hello")
    await shop.support.edits(message, "hello?")
    await shop.support.deletes(message)
    edit = await edits.next()
    assert edit.message.content == "hello?"
    assert (edit.data["author"]["id"], edit.data["member"]["roles"]) == (str(shop.alice.id), [])
    assert (await deletions.next()).message_id == message.id


async def test_replies_carry_what_they_reply_to(shop: Shop) -> None:
    sent = await shop.channel().send("an answer")
    answer = shop.support.bot_messages()[0]
    await shop.support.replies(shop.alice, answer, "why?")
    heard = await shop.heard.next()
    assert heard.reference is not None and isinstance(heard.reference.resolved, discord.Message)
    assert (heard.type, heard.reference.resolved.content) == (discord.MessageType.reply, "an answer")
    assert shop.client.user in heard.mentions
    await sent.delete()
    again = await shop.channel().fetch_message(heard.id)
    assert again.reference is not None
    assert isinstance(again.reference.resolved, discord.DeletedReferencedMessage)
    with pytest.raises(discord.HTTPException) as refused:
        await shop.channel().send("x", reference=discord.MessageReference(message_id=sent.id, channel_id=1))
    assert refused.value.code == 50035
    await shop.channel().send(
        "y", reference=discord.MessageReference(message_id=sent.id, channel_id=1, fail_if_not_exists=False)
    )


async def test_model_output_pings_nobody_when_mentions_are_off(shop: Shop) -> None:
    text = f"@everyone {shop.alice.mention}"
    await shop.channel().send(text, allowed_mentions=discord.AllowedMentions.none())
    await shop.channel().send(text)
    off, on = shop.support.bot_messages()
    assert (off.pings(), on.pings()) == (set(), {"Alice"})
    shop.guild.joins(shop.server.bot, roles=[shop.guild.role("r", permissions=Permission.MENTION_EVERYONE)])
    await shop.channel().send(text)
    assert shop.support.bot_messages()[-1].pings() == {"Alice", "Bob"}


@pytest.mark.parametrize(
    ("content", "embed", "code"),
    [
        ("x" * 2001, None, 50035),
        ("", None, 50006),
        ("x", discord.Embed(description="y" * 4097), 50035),
        ("x", discord.Embed(title="y" * 257), 50035),
    ],
)
async def test_messages_beyond_the_limits_are_refused(
    shop: Shop, content: str, embed: discord.Embed | None, code: int
) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await shop.channel().send(content, embeds=[embed] if embed else [])
    assert (refused.value.status, refused.value.code) == (400, code)
    assert shop.support.messages == []


async def test_a_message_of_2000_characters_is_taken(shop: Shop) -> None:
    await shop.channel().send("好" * 2000)
    with pytest.raises(discord.HTTPException):
        await shop.channel().send(embeds=[discord.Embed(description="y" * 3001) for _ in range(2)])


async def test_a_nonce_that_is_enforced_gives_the_first_message_again(shop: Shop) -> None:
    first = await shop.channel().send("once", nonce="row-1")
    second = await shop.channel().send("once", nonce="row-1")
    third = await shop.channel().send("once", nonce="row-2")
    assert first.id == second.id != third.id
    assert first.nonce == "row-1"
    assert len(shop.support.messages) == 2
    assert (await shop.channel().fetch_message(first.id)).nonce is None  # Discord does not keep it
    await first.delete()
    with pytest.raises(discord.NotFound):
        await shop.channel().send("once", nonce="row-1")
    with pytest.raises(discord.HTTPException):
        await shop.channel().send("x", nonce="n" * 26)


async def test_files_go_both_ways(shop: Shop) -> None:
    await shop.support.says(shop.alice, "/learn", files={"faq.md": "# 问题".encode()})
    heard = await shop.heard.next()
    (attachment,) = heard.attachments
    assert (attachment.filename, attachment.content_type) == ("faq.md", "text/markdown; charset=utf-8")
    assert await attachment.read() == "# 问题".encode()
    await shop.channel().send("here", file=discord.File(__file__, filename="export.json", description="yours"))
    sent = shop.support.bot_messages()[0].attachments[0]
    assert (sent.filename, sent.description) == ("export.json", "yours")
    assert b"test_files_go_both_ways" in shop.server.world.files[sent.id]


async def test_history_goes_before_after_and_around(shop: Shop) -> None:
    said = [await shop.support.says(shop.alice, str(number)) for number in range(5)]
    channel = shop.channel()
    middle = discord.Object(said[2].id)
    assert [one.content async for one in channel.history(limit=2)] == ["4", "3"]
    assert [one.content async for one in channel.history(before=middle)] == ["1", "0"]
    assert [one.content async for one in channel.history(after=middle)] == ["3", "4"]
    assert [one.content async for one in channel.history(around=middle, limit=3)] == ["3", "2", "1"]
    assert (await channel.fetch_message(said[0].id)).content == "0"


async def test_direct_messages(shop: Shop) -> None:
    dm = shop.alice.dm()
    await dm.says(shop.alice, "psst")
    heard = await shop.heard.next()
    assert isinstance(heard.channel, discord.DMChannel) and heard.guild is None
    user = await shop.client.fetch_user(shop.alice.id)
    await user.send("hello")
    assert [one.text for one in dm.shown()] == ["psst", "hello"]
    shop.bob.closes_dms()
    with pytest.raises(discord.Forbidden) as refused:
        await (await shop.client.fetch_user(shop.bob.id)).send("hello")
    assert refused.value.code == 50007


async def test_what_says_nothing_is_left_out_and_ids_are_text(shop: Shop) -> None:
    in_dm = await shop.alice.dm().says(shop.alice, "psst")
    await shop.support.says(shop.alice, "hello")
    frames = next(iter(shop.server.sessions.live.values())).sent("MESSAGE_CREATE")
    private, public = frames
    assert private["id"] == str(in_dm.id)
    for name in ("guild_id", "member", "webhook_id", "nonce", "message_reference", "thread", "reactions"):
        assert name not in private, name
    assert (public["guild_id"], public["author"]["id"]) == (str(shop.guild.id), str(shop.alice.id))
    assert "user" not in public["member"]


async def test_a_bad_token_is_refused() -> None:
    async with DiscordServer(TOKEN) as server:
        with points_at(server), pytest.raises(discord.LoginFailure):
            async with a_client() as client:
                await client.login("wrong")
        assert [call.status for call in server.calls("GET", "/users/@me")] == [401]
