"""The one door of errors: whatever discord.py raises has its place."""

from __future__ import annotations

import inspect
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.channels.discord.door import door
from bot.channels.discord.errors import TokenOver, translate
from bot.errors import ChannelError, DeliveryError, MessageGone, ParleyError, TryLater, Unreachable


class Response:
    """As much of aiohttp's response as discord.py's errors look at."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.reason = "reason"
        self.headers = headers or {}


def http(status: int, code: int = 0, retry_after: str = "") -> discord.HTTPException:
    kinds: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError if status >= 500 else discord.HTTPException)
    headers = {"Retry-After": retry_after} if retry_after else {}
    response: Any = Response(status, headers)
    return kind(response, {"code": code, "message": "In content: the person's secret"})


class Socket:
    close_code = 4004


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = Socket()
    return discord.ConnectionClosed(socket, shard_id=0, code=code)


def every_error() -> list[type[discord.DiscordException]]:
    found = [*vars(discord).values(), *vars(app_commands).values()]
    return [each for each in found if inspect.isclass(each) and issubclass(each, discord.DiscordException)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (http(404, 10008), MessageGone),
        (http(404, 10003), Unreachable),
        (http(403, 50001), Unreachable),
        (http(403, 50013), Unreachable),
        (http(403, 50007), Unreachable),
        (http(400, 50035), Unreachable),
        (http(400, 50006), Unreachable),
        (http(404, 10015), TokenOver),
        (http(401, 50027), TokenOver),
        (http(401), ChannelError),
        (http(429), TryLater),
        (http(500), TryLater),
        (http(503), TryLater),
        (discord.RateLimited(70.0), TryLater),
        (discord.LoginFailure("no"), ChannelError),
        (discord.PrivilegedIntentsRequired(None), ChannelError),
        (closed(4004), ChannelError),
        (closed(4011), ChannelError),
        (closed(4013), ChannelError),
        (closed(4014), ChannelError),
        (closed(1006), TryLater),
        (discord.GatewayNotFound(), TryLater),  # type: ignore[no-untyped-call]
        (aiohttp.ServerDisconnectedError(), TryLater),
        (ConnectionResetError(), TryLater),
        (TimeoutError(), TryLater),
        (discord.InvalidData("x"), DeliveryError),
        (MessageGone("ours"), MessageGone),
    ],
    ids=lambda value: value.__name__ if inspect.isclass(value) else repr(value)[:40],
)
def test_each_error_has_its_meaning(error: Exception, kind: type[ParleyError]) -> None:
    assert type(translate(error)) is kind


def test_the_map_is_whole() -> None:
    assert len(every_error()) > 20
    for kind in every_error():
        error = kind.__new__(kind)
        error.args = ("the person's secret",)
        for name, value in {"status": 400, "code": 0, "response": None, "retry_after": 1.0}.items():
            if not hasattr(type(error), name):
                setattr(error, name, value)
        meant = translate(error)
        assert isinstance(meant, DeliveryError | ChannelError)
        assert "secret" not in str(meant)


def test_what_discord_asks_for_is_kept_to_the_second() -> None:
    found = translate(http(429, retry_after="1.5"))
    assert isinstance(found, TryLater) and found.after == 1.5
    limited = translate(discord.RateLimited(70.0))
    assert isinstance(limited, TryLater) and limited.after == 70.0


@pytest.mark.parametrize("error", [http(502), ConnectionResetError()])
def test_a_send_whose_answer_was_lost_is_doubtful(error: Exception) -> None:
    sent, asked = translate(error, sends=True), translate(error)
    assert isinstance(sent, TryLater) and sent.doubtful
    assert isinstance(asked, TryLater) and not asked.doubtful


def test_a_revoked_token_ends_the_channel_and_keeps_the_message_for_later() -> None:
    told: list[ChannelError] = []
    with pytest.raises(TryLater), door(told.append):
        raise http(401)
    assert len(told) == 1


def test_a_closed_session_is_no_reason_to_give_a_message_up() -> None:
    with pytest.raises(TryLater), door(lambda error: None, sends=True):
        raise RuntimeError("Session is closed")
