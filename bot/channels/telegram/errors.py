"""The one door through which the errors of `telegram.error` come in.

They tell nothing that a person wrote, and never the token: python-telegram-bot puts it in some of its texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

from telegram import error as telegram

from bot.errors import ChannelError, DeliveryError, MessageGone, ParleyError, TryLater, Unreachable

REFUSED = (
    "Telegram refuses the token. Take it anew from @BotFather (/mybots, API Token) and set PARLEY_TELEGRAM__TOKEN."
)
SECOND_POLLER = (
    "Another program asks Telegram for this bot's messages (409). Stop it; Parley tries again every 10 seconds."
)
NOT_REACHED = "Telegram cannot be reached. Check the connection, and telegram.base_url if it is set."
OLD_SERVER = "The Bot API server does not know a method that Parley needs. Update it, or unset telegram.base_url."

# What Telegram says in a 400, in lower case, and what it means; the first that fits counts.
_UNCHANGED = ("message is not modified",)
_GONE = (
    *("message to edit not found", "message can't be edited", "message_id_invalid", "message to delete not found"),
    "there is no text in the message to edit",  # a file, which is none of our texts
)
_NO_REPLY = ("message to be replied not found", "message to reply not found", "replied message not found")
_ENTITIES = ("can't parse entities", "entity", "entities", "wrong http url", "can't find end")
_NEVER = (
    *("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "user_is_blocked", "kicked"),
    *("topic_closed", "topic_deleted", "topic closed", "message thread not found", "thread not found"),
    *("not enough rights", "have no rights", "need administrator rights", "chat_write_forbidden", "chat_restricted"),
    *("chat_admin_required", "chat_send_plain_forbidden", "chat_send_docs_forbidden", "group chat was deactivated"),
)

# The request did not leave this machine, or found nobody there: it can be sent again without doubt.
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "NeverSent"})


class NotModified(DeliveryError):  # noqa: N818
    """The message looks like that already."""


class BadMarkup(DeliveryError):  # noqa: N818
    """Telegram refuses the entities; the same text can be sent plain."""


class NothingToReplyTo(DeliveryError):  # noqa: N818
    """The message that should be quoted is gone; the text can be sent without."""


class Moved(DeliveryError):  # noqa: N818
    """The group became a supergroup with another id."""

    def __init__(self, chat: int) -> None:
        super().__init__("The group became a supergroup.")
        self.chat = chat


def translated(error: telegram.TelegramError) -> ParleyError:
    """Parley's error for one of the library's. It tells that a call's effect is doubtful wherever it may be."""
    match error:
        case telegram.RetryAfter():
            return TryLater("Telegram asks to wait.", _seconds(error))
        case telegram.ChatMigrated():
            return Moved(error.new_chat_id)
        case telegram.Forbidden():
            return Unreachable("Telegram does not let the bot write there: it was blocked or removed.")
        case telegram.InvalidToken():
            return ChannelError(REFUSED)
        case telegram.EndPointNotFound():
            return ChannelError(OLD_SERVER)
        case telegram.Conflict():
            return ChannelError(SECOND_POLLER)
        case telegram.BadRequest():
            return _bad_request(error.message.lower())
        case telegram.PassportDecryptionError():
            return DeliveryError("Telegram Passport is not used here.")
        case telegram.NetworkError():  # and TimedOut
            return _network(error)
        case _:
            return TryLater("Telegram's answer could not be read.", doubtful=True)


@contextmanager
def door() -> Iterator[None]:
    """Turn the library's errors into Parley's."""
    try:
        yield
    except telegram.TelegramError as error:
        _raise(translated(error))


def _raise(error: ParleyError) -> NoReturn:
    raise error from None  # the library's texts can hold the token


def _seconds(error: telegram.RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def _bad_request(text: str) -> DeliveryError:
    for phrases, kind, sentence in (
        (_UNCHANGED, NotModified, "The message looks like that already."),
        (_GONE, MessageGone, "The message is no longer there."),
        (_NO_REPLY, NothingToReplyTo, "The message to be quoted is no longer there."),
        (_NEVER, Unreachable, "Telegram does not let the bot write there."),
        (_ENTITIES, BadMarkup, "Telegram refuses the formatting."),
    ):
        if any(phrase in text for phrase in phrases):
            return kind(sentence)
    return DeliveryError("Telegram refuses the message (400).")


def _network(error: telegram.NetworkError) -> DeliveryError:
    if "too large" in error.message.lower() or "(413)" in error.message:
        return DeliveryError("The file is too large for Telegram.")
    never_sent = type(error.__cause__).__name__ in _NEVER_SENT
    return TryLater("The connection to Telegram broke.", doubtful=not never_sent)
