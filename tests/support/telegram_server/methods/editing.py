"""What changes or removes a message that is there."""

from __future__ import annotations

from typing import Any

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.errors import ApiError, bad_request
from tests.support.telegram_server.messages import Json, Message
from tests.support.telegram_server.methods.reading import LONGEST_TEXT, formatted, keyboard, own_message
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import World


def _same() -> ApiError:
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same"
        " as a current content and reply markup of the message"
    )


def _edited(world: World, call: Call) -> tuple[Chat, Message]:
    chat = world.chat(call.params.get("chat_id"))
    chat.check_open()
    return chat, own_message(call, chat, world.bot.id, "message to edit not found", "message can't be edited")


@method("editMessageText")
async def edit_message_text(world: World, call: Call) -> Json:
    """The ``Message`` as it is now; a keyboard that is not given again is taken away."""
    chat, message = _edited(world, call)
    text, entities = formatted(call.params, most=LONGEST_TEXT, too_long="MESSAGE_TOO_LONG")
    if not text:
        raise bad_request("message text is empty")
    if message.document is not None:
        raise bad_request("there is no text in the message to edit")
    markup = keyboard(call.params)
    world.charge(call.method, chat)
    if (text, entities, markup) == (message.text, message.entities, message.markup):
        raise _same()
    if (text, entities) != (message.text, message.entities):
        message.changed = world.change()
    message.text, message.entities, message.markup = text, entities, markup
    message.edit_date = world.clock.date()
    world.acted(chat, message.topic)
    return message.to_json()


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(world: World, call: Call) -> Json:
    """The ``Message`` with its new keyboard, or without one."""
    chat, message = _edited(world, call)
    markup = keyboard(call.params)
    world.charge(call.method, chat)
    if markup == message.markup:
        raise _same()
    message.markup = markup
    message.edit_date = world.clock.date()
    world.acted(chat, message.topic)
    return message.to_json()


def _delete(world: World, chat: Chat, message: Message) -> None:
    # In a private chat the bot may also delete what the person wrote; elsewhere only as an administrator.
    own = message.author.id == world.bot.id or chat.private
    if not own and chat.bot_status != "administrator":
        raise bad_request("message can't be deleted")
    message.deleted = True
    world.acted(chat, message.topic)


@method("deleteMessage")
async def delete_message(world: World, call: Call) -> bool:
    """True."""
    chat = world.chat(call.params.get("chat_id"))
    chat.check_open()
    _delete(world, chat, chat.find(call.params.get("message_id"), "message to delete not found"))
    return True


@method("deleteMessages")
async def delete_messages(world: World, call: Call) -> bool:
    """True; ids that are not there are skipped."""
    chat = world.chat(call.params.get("chat_id"))
    chat.check_open()
    given: Any = call.params.get("message_ids")
    if not isinstance(given, list) or not 1 <= len(given) <= 100:
        raise bad_request("message identifiers are not specified")
    for number in given:
        message = chat.messages.get(number)
        if message is not None and not message.deleted:
            _delete(world, chat, message)
    return True
