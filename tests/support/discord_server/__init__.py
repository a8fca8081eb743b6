"""Discord, small, on this machine: what discord.py's own client talks to in tests, and people who use it.

    async with DiscordServer(TOKEN) as server, connected(a_client(), server, TOKEN):
        guild = server.guild("Shop")
        support = guild.text_channel("support")
        alice = server.person("Alice")
        guild.joins(alice)
        await support.says(alice, f"{server.bot.mention} hello")
        assert (await support.answer()).text == "Hello, Alice."

All limits, timeouts and waits go by the loop's time; ids and dates by `clock`. `client` (which alone imports discord)
has points_at(server), a_client(intents=…, **options) and connected(client, server, token, ready=True).

DiscordServer(token, *, rate_limits=True, message_content=True, members_intent=True, presences_intent=False,
        heartbeat_interval=41.25, identify_interval=5.0, max_concurrency=1, shards=1, settle=0.25, clock=time.time,
        bot_name="Parley")
    start() stop()                      the same port and everything said are kept; also an async context manager
    api_base gateway_url port bot       bot is a Person
    person(name, bot=False, locale="en-US") -> Person;  guild(name, locale="en-US") -> Guild (with the bot in it)
    until(predicate, within=10.0, what="it")    looked at again after each call and event; AssertionError when over
    calls(method="*", route="**") -> list[Call]     route: "/channels/*/messages"; Call: method path route json query
                                        files status (0: cut) answer at
    transcripts() -> {"channel-id": [Shown]};  given_429: Counter[(method, route)]
    fail(method, route, times=1, *, status=500, code=0, message=…, retry_after=None, everywhere=False,
        cloudflare=False, after_effect=False);  cut(method, route, times=1, after_effect=False)
    slow(method, route, seconds, times=1)
    drop_gateway(resumable=True, shard=None) freeze_gateway() asks_heartbeat() asks_reconnect()
    invalidates_session(resumable=…) revoke_token() allow_token(token)
    dispatch(event, data, guild_id=None)    any event, of unknown types too
Guild: text_channel(name) forum(name) role(name, permissions=0) joins(person, roles=None, nick=None) leaves(person)
    (joins again: new roles and nick, leaves(server.bot): the bot is thrown out), everyone, members, roles, channels
Channel: await says(person, text, files={name: bytes}, embeds=None), replies(person, to, text, ping=True),
    edits(message, text), deletes(*messages), reacts/unreacts(person, message, emoji), types(person),
    webhook_says(name, text), thread(person, name, message=None) -> Channel, post(person, title, text) -> Channel,
    answer(within=10.0, where=…) -> Message     the bot's next message, unchanged for `settle` seconds
    answers(within, where) -> list[Message];  shown() -> list[Shown];  bot_messages() messages (deleted ones too)
    overwrite(role_or_person, allow=0, deny=0) permissions(person) archive() delete(); typing {person id: until}
Person: dm() closes_dms() mention; await slash("ask", channel=…, wait=True, **options) -> Interaction,
    autocomplete("ask", channel=…, **options) -> choices (the last option is typed in),
    context_menu("Summarise", message_or_person, channel=None), presses(message, label, wait=True),
    selects(message, *chosen, menu=None, wait=True)
    They raise AssertionError for what Discord's client would not offer (no such command, a wrong option, a disabled
    button); with wait they return when the bot responded, or after 3 s with response.failed.
Interaction: response, await answer(within=10.0), answers(within), submits({label: text}) -> Interaction (a modal's)
Response: kind text embeds buttons ephemeral deferred failed modal choices message followups texts()
Message: text versions (all its texts) embeds components buttons flags ephemeral loading deleted reference reactions
    attachments thread nonce pings() (names of those notified) touched (loop time of the last change)
Shown: author text embeds buttons files edited reply_to thinking
"""

from .basics import Permission
from .channels import Channel
from .guilds import Guild, Member, Role
from .interactions import Interaction, Response
from .messages import Message
from .people import Person
from .rest.calls import Call
from .server import DiscordServer
from .shown import Shown

__all__ = [
    "Call",
    "Channel",
    "DiscordServer",
    "Guild",
    "Interaction",
    "Member",
    "Message",
    "Permission",
    "Person",
    "Response",
    "Role",
    "Shown",
]
