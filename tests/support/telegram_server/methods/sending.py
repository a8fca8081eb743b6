"""What puts something into a chat: messages, documents, drafts, actions, reactions."""

from __future__ import annotations

from typing import Any

from telegram.constants import ChatAction, ReactionEmoji

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import TYPING_SECONDS, Chat
from tests.support.telegram_server.errors import bad_request
from tests.support.telegram_server.messages import Document, Draft, Json, Message
from tests.support.telegram_server.methods.reading import (
    LONGEST_CAPTION,
    LONGEST_TEXT,
    formatted,
    keyboard,
    replied,
    topic_of,
)
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import World

_ACTIONS = frozenset(action.value for action in ChatAction)
_EMOJI = frozenset(emoji.value for emoji in ReactionEmoji)


def _place(world: World, call: Call) -> Chat:
    chat = world.chat(call.params.get("chat_id"))
    chat.check_open()
    return chat


def _shown(world: World, message: Message) -> Json:
    """After a message of the bot came: the draft and "typing …" before it are gone."""
    message.changed = world.change()
    message.chat.drafts.clear()
    world.acted(message.chat, message.topic)
    return message.to_json()


@method("sendMessage")
async def send_message(world: World, call: Call) -> Json:
    """A ``Message``."""
    chat = _place(world, call)
    text, entities = formatted(call.params, most=LONGEST_TEXT, too_long="message is too long")
    if not text:
        raise bad_request("message text is empty")
    reply, markup = replied(chat, call.params), keyboard(call.params)
    topic = topic_of(chat, call.params, reply)
    world.charge(call.method, chat)
    message = world.write(chat, world.bot, text, entities, reply_to=reply, topic=topic, markup=markup)
    return _shown(world, message)


def _document(world: World, call: Call) -> Document:
    given = call.params.get("document")
    name = given.removeprefix("attach://") if isinstance(given, str) else "document"
    upload = call.files.get(name)
    if upload is not None:
        if not upload.data:
            raise bad_request("file must be non-empty")
        return world.store(upload.name, upload.data, upload.mime)
    if not given:
        raise bad_request("there is no document in the request")
    if str(given) not in world.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return world.files[str(given)]


@method("sendDocument")
async def send_document(world: World, call: Call) -> Json:
    """A ``Message`` with a document, uploaded in the call or known by its id."""
    chat = _place(world, call)
    text, entities = formatted(
        call.params, "caption", "caption_entities", most=LONGEST_CAPTION, too_long="message caption is too long"
    )
    reply, markup = replied(chat, call.params), keyboard(call.params)
    topic = topic_of(chat, call.params, reply)
    document = _document(world, call)
    world.charge(call.method, chat)
    message = world.write(
        chat, world.bot, text, entities, reply_to=reply, topic=topic, document=document, markup=markup
    )
    return _shown(world, message)


@method("sendMessageDraft")
async def send_message_draft(world: World, call: Call) -> bool:
    """True. Private chats only; the draft fades by itself, or when a message comes."""
    chat = _place(world, call)
    if not chat.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    number = call.params.get("draft_id")
    if not isinstance(number, int) or number == 0:
        raise bad_request("draft_id must be non-zero")
    text, entities = formatted(call.params, most=LONGEST_TEXT, too_long="message is too long")
    world.charge(call.method, chat, draft=True)
    chat.drafts[number] = Draft(number, text, entities, world.clock.now())
    world.acted(chat, None)
    return True


@method("sendChatAction")
async def send_chat_action(world: World, call: Call) -> bool:
    """True; "typing …" is shown for five seconds, or until a message comes."""
    chat = _place(world, call)
    if call.params.get("action") not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    thread = call.params.get("message_thread_id")
    # General may be named here, unlike when sending.
    topic = None if thread == 1 and chat.forum else chat.check_topic(thread)
    world.acted(chat, topic, typing_for=TYPING_SECONDS)
    return True


@method("setMessageReaction")
async def set_message_reaction(world: World, call: Call) -> bool:
    """True; bots may set one emoji, of those that Telegram allows."""
    chat = _place(world, call)
    message = chat.find(call.params.get("message_id"), "message to react not found")
    given: Any = call.params.get("reaction") or []
    if len(given) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emoji = [item.get("emoji", "") for item in given]
    if any(one not in _EMOJI for one in emoji):
        raise bad_request("REACTION_INVALID")
    message.reactions = emoji
    world.bell.ring()
    return True
