"""The door to the library's errors: whole, and silent about the token and people's words."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from telegram import error as telegram

from bot.channels.telegram.client import Client  # sets the library's switch for waiting times
from bot.channels.telegram.errors import (
    NOT_REACHED,
    OLD_SERVER,
    REFUSED,
    SECOND_POLLER,
    BadMarkup,
    Moved,
    NothingToReplyTo,
    NotModified,
    door,
    translated,
)
from bot.errors import ChannelError, DeliveryError, MessageGone, ParleyError, TryLater, Unreachable

TOKEN = "987654321:AAE-a_token_of_no_bot_that_there_is"
CLASSES = [
    found
    for _, found in inspect.getmembers(telegram, inspect.isclass)
    if issubclass(found, telegram.TelegramError) and found.__module__ == telegram.__name__
]
EXPECTED: dict[str, type[ParleyError]] = {
    "TelegramError": TryLater,
    "RetryAfter": TryLater,
    "ChatMigrated": Moved,
    "Forbidden": Unreachable,
    "InvalidToken": ChannelError,
    "EndPointNotFound": ChannelError,
    "Conflict": ChannelError,
    "BadRequest": DeliveryError,
    "PassportDecryptionError": DeliveryError,
    "NetworkError": TryLater,
    "TimedOut": TryLater,
}


def made(kind: type[telegram.TelegramError]) -> telegram.TelegramError:
    arguments: dict[str, Any] = {"RetryAfter": 3, "ChatMigrated": -1001}
    return kind(arguments.get(kind.__name__, f"The token `{TOKEN}` said: secret words"))


def test_every_error_of_the_library_is_known() -> None:
    assert Client is not None
    assert {found.__name__ for found in CLASSES} == set(EXPECTED)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_becomes_one_of_ours_that_tells_no_secret(kind: type[telegram.TelegramError]) -> None:
    with pytest.raises(EXPECTED[kind.__name__]) as caught, door():
        raise made(kind)
    assert TOKEN not in str(caught.value)
    assert "secret words" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_retry_after_is_kept_to_the_second() -> None:
    found = translated(telegram.RetryAfter(17))
    assert isinstance(found, TryLater)
    assert (found.after, found.doubtful) == (17.0, False)


@pytest.mark.parametrize(
    ("cause", "doubtful"),
    [("ConnectError", False), ("ConnectTimeout", False), ("PoolTimeout", False), ("ReadError", True)],
)
def test_whether_a_call_took_effect(cause: str, doubtful: bool) -> None:
    error = telegram.NetworkError("httpx broke")
    error.__cause__ = type(cause, (Exception,), {})()
    found = translated(error)
    assert isinstance(found, TryLater)
    assert found.doubtful is doubtful


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Bad Request: message is not modified: the new content is the same", NotModified),
        ("Bad Request: message to edit not found", MessageGone),
        ("Bad Request: message can't be edited", MessageGone),
        ("Bad Request: MESSAGE_ID_INVALID", MessageGone),
        ("Bad Request: message to be replied not found", NothingToReplyTo),
        ("Bad Request: can't parse entities: unsupported start tag", BadMarkup),
        ("Bad Request: ENTITY_BOUNDS_INVALID", BadMarkup),
        ("Bad Request: chat not found", Unreachable),
        ("Bad Request: TOPIC_CLOSED", Unreachable),
        ("Bad Request: message thread not found", Unreachable),
        ("Bad Request: not enough rights to send text messages to the chat", Unreachable),
        ("Bad Request: have no rights to send a message", Unreachable),
    ],
)  # fmt: skip
def test_what_a_400_means(text: str, kind: type[DeliveryError]) -> None:
    assert type(translated(telegram.BadRequest(text))) is kind


def test_a_file_that_is_too_large_is_not_tried_again() -> None:
    assert type(translated(telegram.NetworkError("Request Entity Too Large (413)"))) is DeliveryError


@pytest.mark.parametrize("sentence", [REFUSED, SECOND_POLLER, NOT_REACHED, OLD_SERVER])
def test_the_how_to_says_what_to_do_about_each_sentence(sentence: str) -> None:
    how_to = (Path(__file__).parents[4] / "docs" / "how-to" / "telegram.md").read_text("utf-8")
    assert sentence.partition(". ")[0][:40] in how_to
