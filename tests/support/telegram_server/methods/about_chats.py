"""What the bot may ask about a chat and who is in it."""

from __future__ import annotations

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.errors import bad_request
from tests.support.telegram_server.messages import Json, User
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import World

_RIGHTS = [
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]


def member_json(user: User, status: str) -> Json:
    """A ``ChatMember`` of the kind that the status names."""
    member: Json = {"user": user.to_json(), "status": status}
    if status == "creator":
        member["is_anonymous"] = False
    elif status == "administrator":
        member |= {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(_RIGHTS, True)
    elif status == "kicked":
        member["until_date"] = 0
    return member


def _asked(world: World, call: Call) -> Chat:
    chat = world.chat(call.params.get("chat_id"))
    if not chat.private:
        chat.check_open()
    return chat


@method("getChat")
async def get_chat(world: World, call: Call) -> Json:
    """A ``ChatFullInfo``."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return _asked(world, call).to_json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


@method("getChatMember")
async def get_chat_member(world: World, call: Call) -> Json:
    """A ``ChatMember``; who was never seen in the chat is not found."""
    chat, user_id = _asked(world, call), call.params.get("user_id")
    if user_id == world.bot.id:
        return member_json(world.bot, "member" if chat.private else chat.bot_status)
    if chat.private and chat.person is not None and chat.person.id == user_id:
        return member_json(chat.person, "member")
    user = chat.users.get(user_id) if isinstance(user_id, int) else None
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID" if isinstance(user_id, int) else "invalid user_id specified")
    return member_json(user, chat.members.get(user.id, "left"))


@method("getChatAdministrators")
async def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """The ``ChatMember``s who run the group; other bots are left out."""
    chat = _asked(world, call)
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    people = [
        member_json(chat.users[number], status)
        for number, status in chat.members.items()
        if status in ("creator", "administrator") and not chat.users[number].is_bot
    ]
    return people + ([member_json(world.bot, "administrator")] if chat.bot_status == "administrator" else [])
