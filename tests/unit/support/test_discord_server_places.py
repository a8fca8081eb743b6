"""The Discord server for tests: threads, forums, permissions, reactions, members, what a bot may read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from tests.support.discord_server import DiscordServer, Permission
from tests.support.discord_server.client import a_client, connected
from tests.support.discord_server.shop import TOKEN, Shop, a_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with a_shop() as made:
        yield made


async def test_a_thread_that_a_person_opens_on_a_message(shop: Shop) -> None:
    created = shop.listens("thread_create")
    message = await shop.support.says(shop.alice, "help")
    thread = await shop.support.thread(shop.alice, "my order", message)
    seen = await created.next()
    assert (seen.id, seen.name, seen.parent_id, seen.owner_id) == (
        message.id,
        "my order",
        shop.support.id,
        shop.alice.id,
    )
    await thread.says(shop.alice, "where is it?")
    heard = [await shop.heard.next() for _ in range(3)]
    assert [one.type for one in heard[1:]] == [discord.MessageType.thread_starter_message, discord.MessageType.default]
    assert isinstance(heard[2].channel, discord.Thread)
    await heard[2].channel.send("on its way")
    assert [one.text for one in thread.shown()] == ["", "where is it?", "on its way"]


async def test_a_thread_that_the_bot_opens_on_a_message(shop: Shop) -> None:
    heard = await shop.hears("help")
    thread = await heard.create_thread(name="Alice's question")
    await thread.send("an answer")
    made = shop.server.world.channel(thread.id)
    assert (made.id, made.owner, made.parent) == (heard.id, shop.server.bot, shop.support)
    assert made.shown()[-1].text == "an answer"
    with pytest.raises(discord.HTTPException) as again:
        await heard.create_thread(name="again")
    assert again.value.code == 160004
    fetched = await shop.channel().fetch_message(heard.id)
    assert fetched.flags.has_thread and fetched.thread is not None
    free = await shop.channel().create_thread(name="free", type=discord.ChannelType.public_thread)
    assert shop.support.messages[-1].type == discord.MessageType.thread_created.value
    assert free.id != shop.support.messages[-1].id


async def test_archived_threads_wake_up_when_written_to_and_take_no_edits(shop: Shop) -> None:
    heard = await shop.hears("help")
    thread = await heard.create_thread(name="t")
    sent = await thread.send("one")
    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="two")
    assert refused.value.code == 50083
    assert [one.id async for one in shop.channel().archived_threads()] == [thread.id]
    await thread.send("three")
    assert not shop.server.world.channel(thread.id).archived


async def test_forum_posts_of_people_and_of_the_bot(shop: Shop) -> None:
    forum = shop.guild.forum("help")
    post = await forum.post(shop.alice, "Refund?", "How do I get one?")
    heard = await shop.heard.next()
    assert isinstance(heard.channel, discord.Thread) and isinstance(heard.channel.parent, discord.ForumChannel)
    assert (heard.id, heard.content, heard.channel.name) == (post.id, "How do I get one?", "Refund?")
    made = await heard.channel.parent.create_thread(name="News", content="We are open.")
    assert made.thread.id == made.message.id
    assert shop.server.world.channel(made.thread.id).shown()[0].text == "We are open."
    with pytest.raises(discord.HTTPException):
        await shop.client.http.request(
            discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=forum.id), json={"content": "x"}
        )


async def test_permissions_are_kept(shop: Shop) -> None:
    shop.support.overwrite(shop.server.bot, deny=Permission.SEND_MESSAGES)
    with pytest.raises(discord.Forbidden) as refused:
        await shop.channel().send("x")
    assert refused.value.code == 50013
    shop.support.overwrite(shop.server.bot, deny=Permission.VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden) as hidden:
        await shop.channel().send("x")
    assert hidden.value.code == 50001
    await shop.support.says(shop.alice, "nobody hears this")
    other = shop.guild.text_channel("other")
    await other.says(shop.alice, "but this")
    assert (await shop.heard.next()).content == "but this"
    theirs = await other.says(shop.alice, "mine")
    found = await (await shop.client.fetch_channel(other.id)).fetch_message(theirs.id)  # type: ignore[union-attr]
    with pytest.raises(discord.Forbidden):
        await found.delete()
    with pytest.raises(discord.Forbidden) as foreign:
        await found.edit(content="yours")
    assert foreign.value.code == 50005


async def test_roles_allow_again_what_everyone_is_denied(shop: Shop) -> None:
    helper = shop.guild.role("helper")
    shop.guild.joins(shop.server.bot, roles=[helper])
    shop.support.overwrite(shop.guild.everyone, deny=Permission.SEND_MESSAGES)
    shop.support.overwrite(helper, allow=Permission.SEND_MESSAGES)
    updates = shop.listens("member_update")
    shop.guild.joins(shop.server.bot, roles=[helper], nick="Helper")
    await updates.next()
    me = shop.channel().guild.me
    assert (me.nick, [role.name for role in me.roles]) == ("Helper", ["@everyone", "helper"])
    assert shop.channel().permissions_for(me).send_messages
    await shop.channel().send("still here")
    assert not shop.support.permissions(shop.alice) & Permission.SEND_MESSAGES


async def test_reactions_go_both_ways(shop: Shop) -> None:
    added, removed = shop.listens("raw_reaction_add"), shop.listens("raw_reaction_remove")
    sent = await shop.channel().send("good?")
    await shop.support.reacts(shop.alice, shop.last(), "👍")
    event = await added.next()
    assert (event.user_id, str(event.emoji), event.message_id) == (shop.alice.id, "👍", sent.id)
    await shop.support.unreacts(shop.alice, shop.last(), "👍")
    assert (await removed.next()).user_id == shop.alice.id
    heard = await shop.hears("thanks")
    await heard.add_reaction("👀")
    assert shop.support.messages[-1].reactions == {"👀": [shop.server.bot]}
    await heard.remove_reaction("👀", shop.client.user)  # type: ignore[arg-type]
    assert shop.support.messages[-1].reactions == {}


async def test_typing_is_seen_until_the_message_comes(shop: Shop) -> None:
    async with shop.channel().typing():
        await shop.server.until(lambda: shop.server.bot.id in shop.support.typing)
        await shop.channel().send("there")
    assert shop.server.calls("POST", "/channels/*/typing")[0].status == 204


async def test_without_the_intent_text_is_only_in_what_mentions_the_bot() -> None:
    quiet = a_client(intents=discord.Intents.default())
    async with a_shop(quiet, message_content=False) as shop:
        assert (await shop.hears("secret")).content == ""
        assert (await shop.hears(f"{shop.server.bot.mention} hello")).content.endswith("hello")
        texts = [one.content async for one in shop.channel().history()]
        assert texts == [f"{shop.server.bot.mention} hello", ""]
        await shop.alice.dm().says(shop.alice, "in private")
        assert (await shop.heard.next()).content == "in private"


async def test_members_are_sent_when_asked_for() -> None:
    intents = discord.Intents.default()
    intents.members = True
    async with DiscordServer(TOKEN) as server:
        guild = server.guild("Shop")
        people = [server.person(f"Person {number}") for number in range(3)]
        for person in people:
            guild.joins(person)
        client = a_client(intents=intents)
        async with connected(client, server, TOKEN):
            found = client.get_guild(guild.id)
            assert found is not None and found.chunked
            assert {member.id for member in found.members} == {server.bot.id, *(person.id for person in people)}
            fetched = await found.fetch_member(people[0].id)
            assert fetched.name == "person_0"


async def test_guilds_and_channels_that_come_and_go(shop: Shop) -> None:
    joined, left = shop.listens("guild_join"), shop.listens("guild_remove")
    second = shop.server.guild("Second")
    assert (await joined.next()).id == second.id
    second.leaves(shop.server.bot)
    assert (await left.next()).id == second.id
    deleted = shop.listens("guild_channel_delete")
    shop.guild.text_channel("short-lived").delete()
    assert (await deleted.next()).name == "short-lived"


async def test_bots_and_webhooks_are_marked(shop: Shop) -> None:
    other = shop.server.person("Mee", bot=True)
    shop.guild.joins(other)
    await shop.support.says(other, "beep")
    await shop.support.webhook_says("News", "today")
    beep, today = await shop.heard.next(), await shop.heard.next()
    assert beep.author.bot and beep.webhook_id is None
    assert today.webhook_id is not None
