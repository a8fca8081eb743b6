"""The table of routes: what is not in it is answered with 404."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.support.discord_server.world import World

from . import accounts, channels, commands, interactions, messages, reactions
from .calls import Call, Reply

Handler = Callable[[World, Call], Awaitable[Reply]]

_CHANNEL = "/channels/{channel_id}"
_MESSAGES = f"{_CHANNEL}/messages"
_MESSAGE = _MESSAGES + "/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{application_id}/{token}"

# Literal paths stand before those with {names} that would match them too.
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/users/@me", accounts.me),
    ("GET", "/users/@me/guilds", accounts.my_guilds),
    ("POST", "/users/@me/channels", channels.open_dm),
    ("GET", "/users/{user_id}", accounts.person),
    ("GET", "/applications/@me", accounts.application),
    ("GET", "/oauth2/applications/@me", accounts.application),
    ("GET", "/guilds/{guild_id}", accounts.guild),
    ("GET", "/guilds/{guild_id}/channels", accounts.guild_channels),
    ("GET", "/guilds/{guild_id}/roles", accounts.roles),
    ("GET", "/guilds/{guild_id}/members/{user_id}", accounts.member),
    ("GET", "/guilds/{guild_id}/threads/active", channels.active),
    ("GET", _CHANNEL, channels.fetch),
    ("PATCH", _CHANNEL, channels.edit),
    ("DELETE", _CHANNEL, channels.delete),
    ("POST", f"{_CHANNEL}/typing", reactions.typing),
    ("GET", _MESSAGES, messages.history),
    ("POST", _MESSAGES, messages.create),
    ("POST", f"{_MESSAGES}/bulk-delete", messages.bulk_delete),
    ("GET", _MESSAGE, messages.fetch),
    ("PATCH", _MESSAGE, messages.edit),
    ("DELETE", _MESSAGE, messages.delete),
    ("GET", _REACTION, reactions.people),
    ("PUT", f"{_REACTION}/@me", reactions.add),
    ("DELETE", f"{_REACTION}/@me", reactions.remove),
    ("POST", f"{_MESSAGE}/threads", channels.thread_on_message),
    ("POST", f"{_CHANNEL}/threads", channels.thread_or_post),
    ("GET", f"{_CHANNEL}/threads/archived/public", channels.archived),
    ("GET", f"{_CHANNEL}/thread-members", channels.thread_members),
    ("PUT", f"{_CHANNEL}/thread-members/@me", channels.join),
    ("DELETE", f"{_CHANNEL}/thread-members/@me", channels.leave),
    ("PUT", _CHANNEL + "/thread-members/{user_id}", channels.add_person),
    ("POST", "/interactions/{interaction_id}/{token}/callback", interactions.callback),
    ("POST", _WEBHOOK, interactions.follow_up),
    ("GET", _WEBHOOK + "/messages/{message_id}", interactions.get_message),
    ("PATCH", _WEBHOOK + "/messages/{message_id}", interactions.edit_message),
    ("DELETE", _WEBHOOK + "/messages/{message_id}", interactions.delete_message),
]
for _base in (_GLOBAL, _GUILD):
    ROUTES += [
        ("GET", _base, commands.list_all),
        ("PUT", _base, commands.replace_all),
        ("POST", _base, commands.upsert),
        ("GET", _base + "/{command_id}", commands.fetch),
        ("PATCH", _base + "/{command_id}", commands.edit),
        ("DELETE", _base + "/{command_id}", commands.delete),
    ]
