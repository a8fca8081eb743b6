"""Which events a session's intents cover, and what is taken out without the message content intent."""

from __future__ import annotations

from .basics import Json

GUILDS, MEMBERS, GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 0, 1 << 1, 1 << 9, 1 << 10, 1 << 11
DM_MESSAGES, DM_REACTIONS, DM_TYPING, CONTENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15

# Events by prefix: the intents for servers and for direct messages; 0: always sent.
_INTENTS: dict[str, tuple[int, int]] = {
    "MESSAGE_REACTION": (GUILD_REACTIONS, DM_REACTIONS),
    "MESSAGE_": (GUILD_MESSAGES, DM_MESSAGES),
    "TYPING_START": (GUILD_TYPING, DM_TYPING),
    "GUILD_MEMBER_": (MEMBERS, 0),
    "GUILD_": (GUILDS, 0),
    "CHANNEL_": (GUILDS, 0),
    "THREAD_": (GUILDS, 0),
}
_HIDDEN: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def wanted(event: str, guild_id: int | None, intents: int) -> bool:
    """Whether a session with these intents gets the event."""
    for prefix, (in_guild, in_dm) in _INTENTS.items():
        if event.startswith(prefix):
            needed = in_guild if guild_id is not None else in_dm
            return not needed or bool(intents & needed)
    return True


def for_intents(event: str, data: Json, guild_id: int | None, intents: int, bot_id: str) -> Json:
    """The event's data without the text that the bot may not read."""
    if guild_id is None or intents & CONTENT or event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
        return data
    return without_content(data, bot_id)


def without_content(message: Json, bot_id: str) -> Json:
    """The message as a bot without the intent sees it: only its own and those that mention it have content."""
    own = message["author"]["id"] == bot_id or any(person["id"] == bot_id for person in message["mentions"])
    found = dict(message) if own else message | _HIDDEN
    if found.get("referenced_message"):
        found["referenced_message"] = without_content(found["referenced_message"], bot_id)
    return found
