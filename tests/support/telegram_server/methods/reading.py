"""Parameters that several methods share: text with entities, keyboards, the message that is replied to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.entities import Entity, accepted, units
from tests.support.telegram_server.errors import bad_request
from tests.support.telegram_server.markup import parsed
from tests.support.telegram_server.messages import Json, Message

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_DATA = 64  # bytes of callback data

_ACTIONS = frozenset({"callback_data", "url", "switch_inline_query", "switch_inline_query_current_chat", "copy_text"})


def formatted(
    params: Json, text_name: str = "text", entities_name: str = "entities", *, most: int, too_long: str
) -> tuple[str, list[Entity]]:
    """The text of a call and its entities; the limit counts UTF-16 units after the markup is read.

    Raises:
        ApiError: 400 for broken markup, entities out of bounds, or a text over the limit.
    """
    text, given = str(params.get(text_name) or ""), params.get(entities_name)
    mode = str(params.get("parse_mode") or "").lower()
    if mode == "html":
        text, given = parsed(text)
    elif mode:
        # Markdown is left out: Parley sends entities. A test that needs it must hear so.
        raise bad_request(f"unsupported parse_mode: this test server reads no {mode}")
    if given is not None and not isinstance(given, list):
        raise bad_request("can't parse entities: an array is expected")
    text, entities = accepted(text, given)
    if units(text) > most:
        raise bad_request(too_long)
    return text, entities


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not _ACTIONS & button.keys():
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and (urlsplit(str(url)).scheme not in ("http", "https", "tg") or " " in str(url)):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def keyboard(params: Json) -> Json | None:
    """The inline keyboard of a call, None for none or an empty one.

    Raises:
        ApiError: 400 for a button that does nothing, or whose data or address is not valid.
    """
    markup = params.get("reply_markup")
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        return None  # reply keyboards and force_reply are not part of a message that comes back
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard: an Array of Array is expected")
    for row in rows:
        for button in row:
            _check_button(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def replied(chat: Chat, params: Json) -> Message | None:
    """The message that the call replies to.

    Raises:
        ApiError: 400 where it is gone and the call does not allow to send without it.
    """
    given = params.get("reply_parameters") or {}
    target = given.get("message_id") or params.get("reply_to_message_id")
    if target is None:
        return None
    message = chat.messages.get(int(target))
    if message is not None and not message.deleted:
        return message
    if given.get("allow_sending_without_reply") or params.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def topic_of(chat: Chat, params: Json, reply: Message | None) -> int | None:
    """The topic that a new message goes to: the one named, else that of the message replied to."""
    named = chat.check_topic(params.get("message_thread_id"))
    if named is None and reply is not None and chat.forum:
        return reply.topic
    return named


def own_message(call: Call, chat: Chat, bot_id: int, missing: str, refusal: str) -> Message:
    """The bot's message that a call names.

    Raises:
        ApiError: 400 where it is gone, or is somebody else's.
    """
    message = chat.find(call.params.get("message_id"), missing)
    if message.author.id != bot_id:
        raise bad_request(refusal)
    return message
